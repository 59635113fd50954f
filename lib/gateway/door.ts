import { isOwnHost, isOwnOrigin } from "@/lib/env/hosts";
import type { ErrorCode } from "@/lib/kernel/errors";
import { isUuid } from "@/lib/kernel/ids";
import { modernRevision } from "./revision";
import type { RequestHeaders } from "./request-headers";

/** The names under which this gateway may be addressed, as `hostsOf` gives them. */
export interface Site {
  hosts: ReadonlySet<string>;
  publicUrl: string;
}

/** What a path leads to: one server, or several behind one URL. */
export interface Scope {
  kind: "server" | "bundle";
  id: string;
}

export type DoorRefusal = { code: ErrorCode; allow?: string };
export type DoorResult = { ok: true; scope: Scope } | ({ ok: false } & DoorRefusal);

/**
 * The checks that need neither body nor database, in the order in which they are promised: Host and Origin, duplicate
 * headers, path and HTTP method, token in the URL. The first that fails answers.
 */
export function checkDoor(method: string, url: string, headers: RequestHeaders, site: Site): DoorResult {
  const { host, origin } = headers;
  if (host === null || !isOwnHost(host, site.hosts)) return { ok: false, code: "bad_origin" };
  if (!isOwnOrigin(origin ?? undefined, host, site.publicUrl)) return { ok: false, code: "bad_origin" };
  if (headers.duplicate !== null) return { ok: false, code: "duplicate_header" };
  const { path, query } = splitUrl(url);
  const scope = scopeOf(path);
  if (scope === null) return { ok: false, code: hasToken(path) ? "token_in_url" : "unknown_server" };
  const methods = headers.version === modernRevision ? ["POST"] : ["POST", "GET", "DELETE"];
  if (!methods.includes(method)) return { ok: false, code: "method_not_allowed", allow: methods.join(", ") };
  if (hasToken(query) || namesToken(query) || hasToken(headers.cookie ?? ""))
    return { ok: false, code: "token_in_url" };
  return { ok: true, scope };
}

function splitUrl(url: string): { path: string; query: string } {
  const afterScheme = url.indexOf("://");
  const start = afterScheme < 0 ? 0 : url.indexOf("/", afterScheme + 3);
  const rest = start < 0 ? "/" : url.slice(start);
  const mark = rest.indexOf("?");
  return mark < 0 ? { path: rest, query: "" } : { path: rest.slice(0, mark), query: rest.slice(mark + 1) };
}

/** `/mcp/<uuid>` or `/mcp/s/<uuid>`, a trailing slash allowed: a redirect would lose body and token. */
function scopeOf(path: string): Scope | null {
  if (!path.startsWith("/mcp/")) return null;
  const isBundle = path.startsWith("/mcp/s/");
  const id = path.slice(isBundle ? 7 : 5, path.endsWith("/") ? -1 : undefined).toLowerCase();
  return isUuid(id) ? { kind: isBundle ? "bundle" : "server", id } : null;
}

/** The prefix of a grant token; of OAuth's tokens more than the prefix, because those letters may end a harmless word. */
const tokenWords = /plg_|pl[cor]_[0-9a-z]{20}/i;

/** True for text that carries a token of ours, also percent-encoded. */
function hasToken(text: string): boolean {
  if (text === "") return false;
  if (tokenWords.test(text)) return true;
  if (!text.includes("%")) return false;
  try {
    return tokenWords.test(decodeURIComponent(text));
  } catch {
    return false;
  }
}

/** RFC 6750, section 2.3 puts a token into `access_token`; it is refused whatever its value is. */
function namesToken(query: string): boolean {
  return /(?:^|&)(?:access_token|token|authorization)=/i.test(query);
}
