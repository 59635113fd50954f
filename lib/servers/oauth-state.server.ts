import "server-only";
import { randomUUID } from "node:crypto";
import { appendAudit } from "@/lib/audit/audit.server";
import { databaseTime, pool, publishChange, transaction } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import type { OrgId } from "@/lib/kernel/ids";
import { dropConnection, loadConnection, sealTokens, type Connection, type Tokens } from "./oauth-store.server";
import type { OauthReason } from "./oauth-words";

/** Longer than all requests of one renewal together, so that nobody else begins while one is at it. */
const leaseSeconds = 45;

const claimSql = `UPDATE server_oauth SET renewing_until = clock_timestamp() + make_interval(secs => $3)
  WHERE server_id = $1 AND version = $2 AND state = 'connected'
    AND (renewing_until IS NULL OR renewing_until < clock_timestamp())
  RETURNING clock_timestamp() AS now`;
const releaseSql = `UPDATE server_oauth SET renewing_until = NULL WHERE server_id = $1 AND version = $2`;
const renewedSql = `UPDATE server_oauth SET sealed_access = $3, sealed_refresh = coalesce($4, sealed_refresh),
    access_issued_at = $5, access_expires_at = $5::timestamptz + make_interval(secs => $6),
    renewing_until = NULL, reason = NULL, version = version + 1, updated_at = clock_timestamp()
  WHERE server_id = $1 AND version = $2`;

/** Takes the right to renew these very tokens; null when another replica has it or they have changed. Answers the database's time. */
export async function claimRenewal(serverId: string, version: number): Promise<Date | null> {
  const { rows } = await pool().query<{ now: Date }>(claimSql, [serverId, version, leaseSeconds]);
  return rows[0]?.now ?? null;
}

/** Gives the right back without new tokens. */
export async function releaseRenewal(serverId: string, version: number): Promise<void> {
  await pool().query(releaseSql, [serverId, version]);
}

/** Stores renewed tokens in place of those of `version`, and tells every replica. They may be used from here on. */
export async function keepRenewed(serverId: string, seen: Connection, tokens: Tokens, issuedAt: Date): Promise<void> {
  const { sealedAccess, sealedRefresh } = sealTokens(serverId, tokens);
  const values = [serverId, seen.version, sealedAccess, sealedRefresh, issuedAt, tokens.expiresIn];
  await pool().query(renewedSql, values);
  await publishChange(pool(), { topic: "servers", orgId: seen.orgId, id: serverId });
  dropConnection(serverId);
}

/**
 * A connection that no longer works waits for an admin: its calls end as `upstream_auth_required`. Nothing happens when it changed
 * since it was read. `scopes` = what the next sign-in must ask for as well.
 */
export async function markReconnect(
  serverId: string,
  seen: Connection,
  reason: OauthReason,
  scopes: readonly string[] = [],
): Promise<void> {
  const ctx = await systemCtx(seen.orgId);
  const { orgId } = ctx;
  const union = [...new Set([...seen.scopes, ...scopes])];
  await transaction(async (tx) => {
    const changed = await tx.serverOauth.updateMany({
      where: { serverId, orgId, version: seen.version, state: "connected" },
      data: {
        state: "reconnect",
        reason,
        scopes: union,
        renewingUntil: null,
        version: { increment: 1 },
        updatedAt: ctx.now,
      },
    });
    if (changed.count === 0) return;
    const after = { state: "reconnect", reason, scopes: union };
    await appendAudit(tx, ctx, { action: "server.oauth.reconnect", object: `server:${serverId}`, after });
    await publishChange(tx, { topic: "servers", orgId, id: serverId });
  });
  dropConnection(serverId);
}

/** True while calls may carry the connection's token. */
export function isUsable(connection: Connection | null): connection is Connection & { sealedAccess: string } {
  return connection?.state === "connected" && connection.sealedAccess !== null;
}

/** The connection if it can be used now, as the database has it. */
export async function loadUsable(serverId: string) {
  const connection = await loadConnection(serverId);
  return isUsable(connection) ? connection : null;
}

async function systemCtx(orgId: OrgId): Promise<Ctx> {
  return {
    orgId,
    actor: { kind: "system", name: "upstream sign-in" },
    permissions: new Set(),
    requestId: randomUUID(),
    now: await databaseTime(),
  };
}
