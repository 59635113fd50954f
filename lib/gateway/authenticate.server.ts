import "server-only";
import { findBundle, type Bundle } from "@/lib/bundles/bundles.server";
import { findGrantByToken, touchGrant, type GrantIdentity, type ServerGrant } from "@/lib/grants/grants.server";
import { bearerOf } from "@/lib/kernel/bearer";
import { isAppError } from "@/lib/kernel/errors";
import { findUpstream, type Upstream } from "@/lib/servers/servers.server";
import type { Scope } from "./door";
import { countFailure } from "./failed-tokens.server";

export type Authenticated =
  | { kind: "active"; token: string; grant: ServerGrant; upstream: Upstream }
  /** The same at a bundle. */
  | { kind: "bundle"; token: string; grant: GrantIdentity; bundle: Bundle }
  /** No, malformed or unknown token, one that is not valid yet, or an access token that a client has to renew: nothing to record. */
  | { kind: "unknown"; hadToken: boolean; retryAfterMs: number | null }
  /** A grant that is known but gives no way in; recorded with `rule`. */
  | { kind: "refused"; grant: GrantIdentity; token: string; rule: string; isMissingServer: boolean }
  /** The store could not be asked. */
  | { kind: "unavailable" };

/** Who a request is, by its bearer token; the grant must belong to the server or bundle of the path. Throws only what is a fault of ours. */
export async function authenticate(
  authorization: string | null,
  scope: Scope,
  address: string | null,
): Promise<Authenticated> {
  const token = bearerOf(authorization);
  if (token === null) return { kind: "unknown", hadToken: authorization !== null, retryAfterMs: null };
  try {
    const grant = await findGrantByToken(token);
    if (!grant) return { kind: "unknown", hadToken: true, retryAfterMs: countFailure(token, address) };
    const refused = (rule: string, isMissingServer: boolean) =>
      ({ kind: "refused", grant, token, rule, isMissingServer }) as const;
    if (!isOf(grant, scope)) return refused("(wrong server)", !(await isThere(scope)));
    if (grant.state === "not_yet" || grant.state === "token_expired")
      return { kind: "unknown", hadToken: true, retryAfterMs: null };
    if (grant.state === "token_revoked") return refused("(client disconnected)", false);
    if (grant.state !== "active") return refused(`(grant ${grant.state})`, false);
    const found = await enter(token, grant, scope);
    if (!found) return refused("(wrong server)", true);
    touchGrant(grant.id, grant.accessTokenId);
    return found;
  } catch (error) {
    if (isAppError(error) && error.code === "ledger_unavailable") return { kind: "unavailable" };
    throw error;
  }
}

async function enter(token: string, grant: GrantIdentity, scope: Scope): Promise<Authenticated | null> {
  if (scope.kind === "bundle") {
    const bundle = await findBundle(scope.id);
    return bundle && { kind: "bundle", token, grant, bundle };
  }
  const upstream = await findUpstream(scope.id);
  return upstream && isAtServer(grant) ? { kind: "active", token, grant, upstream } : null;
}

function isOf(grant: GrantIdentity, { kind, id }: Scope): boolean {
  return (kind === "bundle" ? grant.bundleId : grant.serverId) === id;
}

function isAtServer(grant: GrantIdentity): grant is ServerGrant {
  return grant.serverId !== null;
}

async function isThere({ kind, id }: Scope): Promise<boolean> {
  return (await (kind === "bundle" ? findBundle(id) : findUpstream(id))) !== null;
}
