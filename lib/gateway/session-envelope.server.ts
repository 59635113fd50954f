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

/** A session as its id tells: the upstream's own id, and what the client said of itself when it began. */
interface OpenedSession {
  headers: RequestHeaders;
  /** Null for a client that did not say, and where the session was opened before. */
  client: Exchange["client"] | null;
}

/** A request's session, opened; null when the id is none that this grant has here. Without an id there is nothing to open. */
export function withOpenSession(headers: RequestHeaders, grantId: string, scopeId: string): OpenedSession | null {
  if (headers.session === null || headers.sealedSession !== null) return { headers, client: null };
  const text = openSession(grantId, scopeId, headers.session);
  if (text === null) return null;
  const [session, name, version] = JSON.parse(text) as [string, string | null, string | null];
  const opened = { ...headers, session, sealedSession: headers.session };
  return { headers: opened, client: name === null ? null : { name, version } };
}

/** The upstream's own session id behind one that `clientHeaders` gave; null for anything else. */
export function serverSessionOf(grantId: string, serverId: string, sealed: string): string | null {
  const text = openSession(grantId, serverId, sealed);
  return text === null ? null : ((JSON.parse(text) as [string])[0] ?? null);
}

type Sealer = Pick<Exchange, "grant" | "upstream" | "headers" | "client">;

/** Characters of a client's own words that its session id carries. */
const wordsMax = 100;

/**
 * The upstream's answer headers as the client may see them. Its session id comes sealed, with the name that the client gave: as the
 * client sent it while it is the same session, so that one session has one id.
 */
export function clientHeaders(
  { grant, upstream, headers, client }: Sealer,
  answered: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const lines = toClient(answered);
  const session = lines["mcp-session-id"];
  if (session === undefined) return lines;
  const isSame = headers.sealedSession !== null && session === headers.session;
  const text = () => JSON.stringify([session, cut(client.name), cut(client.version)]);
  lines["mcp-session-id"] = isSame ? (headers.sealedSession ?? "") : sealSession(grant.id, upstream.id, text());
  return lines;
}

function cut(words: string | null): string | null {
  return words === null ? null : words.slice(0, wordsMax);
}
