/**
 * Where to go after signing in: a path of this origin, or the overview. Anything that a browser could read as another
 * origin (`//host`, `/\host`, a foreign URL) is dropped.
 */
export function returnPath(wanted: string | null | undefined, origin: string): string {
  const home = "/overview";
  if (!wanted) return home;
  let url: URL;
  try {
    url = new URL(wanted, origin);
  } catch {
    return home;
  }
  if (url.origin !== origin || /^\/(login|setup|api|mcp)(\/|$)/.test(url.pathname)) return home;
  return `${url.pathname}${url.search}`;
}
