import { isUuid } from "@/lib/kernel/ids";

/** What an access token is for: one server's URL or one bundle's. */
export interface ResourceTarget {
  kind: "server" | "bundle";
  id: string;
}

/** The resource identifier (RFC 8707) of a server or bundle: the URL that clients are given, without a trailing slash. */
export function resourceOf(publicUrl: string, { kind, id }: ResourceTarget): string {
  return `${publicUrl}${kind === "bundle" ? "/mcp/s/" : "/mcp/"}${id}`;
}

/** `/mcp/<uuid>` or `/mcp/s/<uuid>`, a trailing slash allowed; null for any other path. */
export function parseResourcePath(path: string): ResourceTarget | null {
  const found = /^\/mcp\/(s\/)?([^/]+)\/?$/.exec(path);
  const id = found?.[2]?.toLowerCase() ?? "";
  return isUuid(id) ? { kind: found?.[1] === undefined ? "server" : "bundle", id } : null;
}

/** The target of a `resource` parameter; null when it is not a URL of this installation. The case of scheme and host does not count. */
export function parseResource(publicUrl: string, text: string): ResourceTarget | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || url.origin !== new URL(publicUrl).origin) return null;
  if (url.hash !== "" || url.search !== "" || url.username !== "" || url.password !== "" || text.endsWith("#"))
    return null;
  return parseResourcePath(url.pathname);
}
