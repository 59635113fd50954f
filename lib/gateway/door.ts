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

export type DoorRefusal = { code: ErrorCode; allow?: string };
export type DoorResult = { ok: true; serverId: string } | ({ ok: false } & DoorRefusal);

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
  const serverId = serverIdOf(path);
  if (serverId === null) return { ok: false, code: hasToken(path) ? "token_in_url" : "unknown_server" };
  const methods = headers.version === modernRevision ? ["POST"] : ["POST", "GET", "DELETE"];
  if (!methods.includes(method)) return { ok: false, code: "method_not_allowed", allow: methods.join(", ") };
  if (hasToken(query) || namesToken(query) || hasToken(headers.cookie ?? ""))
    return { ok: false, code: "token_in_url" };
  return { ok: true, serverId };
}

function splitUrl(url: string): { path: string; query: string } {
  const afterScheme = url.indexOf("://");
  const start = afterScheme < 0 ? 0 : url.indexOf("/", afterScheme + 3);
  const rest = start < 0 ? "/" : url.slice(start);
  const mark = rest.indexOf("?");
  return mark < 0 ? { path: rest, query: "" } : { path: rest.slice(0, mark), query: rest.slice(mark + 1) };
}

/** `/mcp/<uuid>`, a trailing slash allowed: a redirect would lose body and token. */
function serverIdOf(path: string): string | null {
  if (!path.startsWith("/mcp/")) return null;
  const id = path.endsWith("/") ? path.slice(5, -1) : path.slice(5);
  const lower = id.toLowerCase();
  return isUuid(lower) ? lower : null;
}

/** True for text that carries something with the prefix of a grant token, also percent-encoded. */
function hasToken(text: string): boolean {
  if (text === "") return false;
  if (/plg_/i.test(text)) return true;
  if (!text.includes("%")) return false;
  try {
    return /plg_/i.test(decodeURIComponent(text));
  } catch {
    return false;
  }
}

/** RFC 6750, section 2.3 puts a token into `access_token`; it is refused whatever its value is. */
function namesToken(query: string): boolean {
  return /(?:^|&)(?:access_token|token|authorization)=/i.test(query);
}
