import "server-only";
import { findGrantByToken, touchGrant, type GrantIdentity } from "@/lib/grants/grants.server";
import { bearerOf } from "@/lib/kernel/bearer";
import { isAppError } from "@/lib/kernel/errors";
import { findUpstream, type Upstream } from "@/lib/servers/servers.server";
import { countFailure } from "./failed-tokens.server";

export type Authenticated =
  | { kind: "active"; token: string; grant: GrantIdentity; upstream: Upstream }
  /** No, malformed or unknown token, or one that is not valid yet: nothing to record. */
  | { kind: "unknown"; hadToken: boolean; retryAfterMs: number | null }
  /** A grant that is known but gives no way in; recorded with `rule`. */
  | { kind: "refused"; grant: GrantIdentity; token: string; rule: string; isMissingServer: boolean }
  /** The store could not be asked. */
  | { kind: "unavailable" };

/** Who a request is, by its bearer token; the grant must belong to the server of the path. Throws only what is a fault of ours. */
export async function authenticate(
  authorization: string | null,
  serverId: string,
  address: string | null,
): Promise<Authenticated> {
  const token = bearerOf(authorization);
  if (token === null) return { kind: "unknown", hadToken: authorization !== null, retryAfterMs: null };
  try {
    const grant = await findGrantByToken(token);
    if (!grant) return { kind: "unknown", hadToken: true, retryAfterMs: countFailure(token, address) };
    if (grant.serverId !== serverId) {
      const isMissingServer = (await findUpstream(serverId)) === null;
      return { kind: "refused", grant, token, rule: "(wrong server)", isMissingServer };
    }
    if (grant.state === "not_yet") return { kind: "unknown", hadToken: true, retryAfterMs: null };
    if (grant.state !== "active") {
      return { kind: "refused", grant, token, rule: `(grant ${grant.state})`, isMissingServer: false };
    }
    const upstream = await findUpstream(serverId);
    if (!upstream) return { kind: "refused", grant, token, rule: "(wrong server)", isMissingServer: true };
    touchGrant(grant.id);
    return { kind: "active", token, grant, upstream };
  } catch (error) {
    if (isAppError(error) && error.code === "ledger_unavailable") return { kind: "unavailable" };
    throw error;
  }
}
