/** The request header in which our listener tells a page its own path and query; client-sent copies are dropped there. */
export const pathHeader = "x-policylayer-path";

/**
 * Where somebody who is not signed in is sent: the sign-in page, with the page they wanted as `callbackUrl`. Next's own query members
 * are left out. Without a path, or for the overview, which follows a sign-in anyway, the plain sign-in page.
 */
export function signInAddress(path: string | null): string {
  if (path === null || !path.startsWith("/")) return "/login";
  const mark = path.indexOf("?");
  const [pathname, query] = mark < 0 ? [path, ""] : [path.slice(0, mark), path.slice(mark + 1)];
  const kept = query.split("&").filter((part) => part !== "" && !part.startsWith("_rsc"));
  const wanted = kept.length > 0 ? `${pathname}?${kept.join("&")}` : pathname;
  return wanted === "/" || wanted === "/overview" ? "/login" : `/login?callbackUrl=${encodeURIComponent(wanted)}`;
}
