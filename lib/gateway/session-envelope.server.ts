import "server-only";
import { openTraveller, sealTraveller } from "@/lib/vault/vault.server";
import type { Exchange } from "./exchange.server";
import type { RequestHeaders } from "./request-headers";
import { toClient } from "./upstream-headers";

const use = "mcp-session";

/**
 * The session id that a client gets: the upstream's own id, sealed for one grant and one scope (a server's or a bundle's id). Any
 * replica can open it and nothing is stored. Survives a rotation of the grant's token.
 */
export function sealSession(grantId: string, scopeId: string, text: string): string {
  return sealTraveller(use, `${grantId}/${scopeId}`, text);
}

/** What `sealSession` sealed; null for an id of another grant or scope, an altered one, or anything else. */
export function openSession(grantId: string, scopeId: string, sealed: string): string | null {
  return openTraveller(use, `${grantId}/${scopeId}`, sealed);
}

/** The headers of a request with its session id opened; null when the id is none that this grant has here. */
export function withOpenSession(headers: RequestHeaders, grantId: string, scopeId: string): RequestHeaders | null {
  if (headers.session === null || headers.sealedSession !== null) return headers;
  const session = openSession(grantId, scopeId, headers.session);
  return session === null ? null : { ...headers, session, sealedSession: headers.session };
}

type Sealer = Pick<Exchange, "grant" | "upstream" | "headers">;

/**
 * The upstream's answer headers as the client may see them. Its session id comes sealed: as the client sent it while it is the same
 * session, so that one session has one id.
 */
export function clientHeaders(
  { grant, upstream, headers }: Sealer,
  answered: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const lines = toClient(answered);
  const session = lines["mcp-session-id"];
  if (session === undefined) return lines;
  const isSame = headers.sealedSession !== null && session === headers.session;
  lines["mcp-session-id"] = isSame ? (headers.sealedSession ?? "") : sealSession(grant.id, upstream.id, session);
  return lines;
}
