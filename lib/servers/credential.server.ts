import "server-only";
import { AppError, isAppError } from "@/lib/kernel/errors";
import { upstreamHeaders, type Upstream } from "./lookup.server";
import { parseBearerChallenge } from "./oauth-challenge";
import { renew } from "./oauth-renew.server";
import { isUsable, loadUsable, markReconnect } from "./oauth-state.server";
import { sameUrl } from "./oauth-urls";
import { findConnection, lifeLeft, openAccess, type Connection } from "./oauth-store.server";

/** Header lines that carry a credential, for one request. */
export type Credential = Record<string, string>;

/** A token with less than this left is not sent before it was renewed. */
const spareMs = 5000;
/** A refused token that is younger than this was fresh: renewing it again would not help. */
const freshMs = 120_000;

/**
 * The header lines to put on ONE request to the upstream, opened now: its static headers, or the OAuth bearer, renewed first when that
 * is due. While the old token still works, the renewal runs beside the call and the call carries the old one.
 * Rejects with `upstream_auth_required` when there is no usable credential, `ledger_unavailable` when the database cannot be asked.
 */
export async function openCredential(upstream: Upstream): Promise<Credential> {
  if (upstream.authMode === "static") return openStatic(upstream);
  const connection = await findConnection(upstream.id);
  if (!isUsable(connection)) throw unusable("not connected");
  // The two caches end within a second, not at the same moment: a token never goes to an address that it is not for.
  if (!isTokenFor(connection.resource, upstream.url)) throw unusable("the server has moved");
  const left = lifeLeft(connection);
  if (!left || !isDue(left)) return bearer(upstream, connection);
  if (connection.sealedRefresh === null) {
    if (left.leftMs > 0) return bearer(upstream, connection);
    await markReconnect(upstream.id, connection, "expired");
    throw unusable("expired");
  }
  const renewal = renew(upstream, connection);
  if (left.leftMs > spareMs) return bearer(upstream, connection);
  if ((await renewal) === "unavailable" && left.leftMs > 0) return bearer(upstream, connection);
  const renewed = await loadUsable(upstream.id);
  if (!renewed || renewed.version === connection.version) throw unusable("not renewed");
  return bearer(upstream, renewed);
}

/**
 * After a 401 to a request that carried `used`: the credential for one more try, renewed at most once however many calls ask. Null when
 * there is nothing better: the state is then `reconnect`, or the authorisation server cannot be reached just now. Never throws.
 */
export async function renewCredential(upstream: Upstream, used: Credential): Promise<Credential | null> {
  if (upstream.authMode === "static") return null;
  try {
    const connection = await loadUsable(upstream.id);
    if (!connection || !isTokenFor(connection.resource, upstream.url)) return null;
    const current = await bearer(upstream, connection);
    if (current.authorization !== used.authorization) return current;
    if (connection.sealedRefresh === null) {
      await markReconnect(upstream.id, connection, "token_refused");
      return null;
    }
    if ((await renew(upstream, connection)) !== "renewed") return null;
    const renewed = await loadUsable(upstream.id);
    return renewed && (await bearer(upstream, renewed));
  } catch {
    return null;
  }
}

/**
 * What ended a call that carried `used`: a 401 for a fresh token, or a 403 that asks for more scopes (RFC 6750 section 3.1), turns the
 * connection to `reconnect`; the next sign-in then asks for the old and the new scopes together. `challenge` = the answer's
 * `WWW-Authenticate`. Anything else changes nothing. Never throws.
 */
export async function noteRefusal(
  upstream: Upstream,
  used: Credential,
  { status, challenge }: { status: number; challenge: string | null },
): Promise<void> {
  if (upstream.authMode === "static" || (status !== 401 && status !== 403)) return;
  try {
    const connection = await loadUsable(upstream.id);
    if (!connection || (await bearer(upstream, connection)).authorization !== used.authorization) return;
    const asked = parseBearerChallenge(challenge);
    if (status === 403 && asked?.error === "insufficient_scope") {
      await markReconnect(upstream.id, connection, "insufficient_scope", asked.scopes);
    } else if (status === 401 && connection.ageMs !== null && connection.ageMs < freshMs) {
      await markReconnect(upstream.id, connection, "token_refused");
    }
  } catch {
    // The next call finds the same again.
  }
}

/** A fifth of its life or a minute is left, but never more than half of a life. */
function isDue({ leftMs, lifeMs }: { leftMs: number; lifeMs: number }): boolean {
  return leftMs < Math.max(lifeMs * 0.2, Math.min(60_000, lifeMs / 2));
}

function openStatic(upstream: Upstream): Credential {
  if (!upstream.hasHeaders) return {};
  try {
    return upstreamHeaders(upstream);
  } catch (cause) {
    throw new AppError("upstream_auth_required", { detail: "a stored header cannot be opened", cause });
  }
}

async function bearer(upstream: Upstream, connection: Connection): Promise<Credential> {
  try {
    const token = openAccess(upstream.id, connection);
    if (token !== null) return { authorization: `Bearer ${token}` };
  } catch (error) {
    if (!isAppError(error) || error.code !== "vault_record") throw error;
    await markReconnect(upstream.id, connection, "unreadable");
  }
  throw unusable("no token");
}

/** A token is for the upstream's URL, or for all of its origin. */
function isTokenFor(resource: string | null, url: string): boolean {
  return resource !== null && (sameUrl(resource, url) || sameUrl(resource, new URL(url).origin));
}

function unusable(detail: string): AppError {
  return new AppError("upstream_auth_required", { detail });
}
