import "server-only";
import { randomUUID } from "node:crypto";
import { appendAudit } from "@/lib/audit/audit.server";
import { publishChange, type Tx } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import type { OrgId } from "@/lib/kernel/ids";

/** One authorisation: the code and every token that came of it. */
export interface Family {
  familyId: string;
  grantId: string;
  orgId: OrgId;
  clientId: string;
}

/**
 * Ends a family: its code and tokens are worth nothing from the commit on. One audit row; a family that has ended already changes
 * nothing and leaves none. Answers whether it was alive. Call `dropGrant(grantId)` after the commit.
 */
export async function endFamily(tx: Tx, ctx: Ctx, family: Family, reason: string): Promise<boolean> {
  const { familyId, grantId, orgId } = family;
  const tokens = await tx.$executeRaw`UPDATE oauth_token SET revoked_at = now()
    WHERE family_id = ${familyId}::uuid AND org_id = ${orgId}::uuid AND revoked_at IS NULL`;
  await tx.$executeRaw`UPDATE oauth_code SET used_at = coalesce(used_at, now())
    WHERE family_id = ${familyId}::uuid AND org_id = ${orgId}::uuid`;
  if (tokens === 0) return false;
  await appendAudit(tx, ctx, {
    action: "connector.disconnect",
    object: `grant:${grantId}`,
    before: { connector: familyId, client: family.clientId },
    reason,
  });
  await publishChange(tx, { topic: "grants", orgId, id: grantId });
  return true;
}

/** The authorisation server as the actor, for what it does by itself or because a client asks: it has no right that a verb would ask for. */
export async function oauthCtx(tx: Tx, orgId: OrgId): Promise<Ctx> {
  const [row] = await tx.$queryRaw<{ now: Date }[]>`SELECT now() AS now`;
  return {
    orgId,
    actor: { kind: "system", name: "oauth" },
    permissions: new Set(),
    requestId: randomUUID(),
    now: row?.now ?? new Date(0),
  };
}
