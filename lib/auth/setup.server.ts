import "server-only";
import { randomBytes, randomUUID } from "node:crypto";
import { appendAudit } from "@/lib/audit/audit.server";
import { prisma, publishChange, transaction, type Tx } from "@/lib/db/db.server";
import { isUniqueViolation } from "@/lib/db/failure";
import type { Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import type { OrgId } from "@/lib/kernel/ids";
import { allPermissions } from "./matrix";
import { hashPassword } from "./password.server";
import type { SetupInput } from "./schema";
import { hashOf } from "./secret-token.server";

/** True once an admin exists: set-up is over for good. */
export async function isSetUp(): Promise<boolean> {
  return (await prisma().member.findFirst({ where: { role: "admin" }, select: { userId: true } })) !== null;
}

/**
 * A new one-time set-up token, 256 bits, of which only the SHA-256 is stored; null once an admin exists. Tokens of earlier
 * starts stay good until one of them is used, so that replicas that start together do not cancel each other's link.
 */
export async function ensureSetupToken(): Promise<string | null> {
  if (await isSetUp()) return null;
  const token = randomBytes(32).toString("base64url");
  await prisma().setupToken.create({ data: { tokenHash: hashOf(token) } });
  return token;
}

/**
 * Makes the first organisation and its admin in one transaction and ends every set-up token. Throws `setup_done` (404) once an
 * admin exists, `setup_token` (403) for a wrong token, `conflict` (409) for the slower of two parallel attempts.
 */
export async function completeSetup(input: SetupInput, requestId: string): Promise<{ orgId: OrgId; userId: string }> {
  if (await isSetUp()) throw new AppError("setup_done");
  await requireToken(input.token);
  const passwordHash = await hashPassword(input.password);
  const [orgId, userId] = [randomUUID() as OrgId, randomUUID()];
  await transaction(async (tx) => {
    await takeTokens(tx);
    await tx.organisation.create({ data: { id: orgId, name: input.organisation } });
    await tx.user.create({ data: { id: userId, email: input.email, name: input.name, passwordHash } });
    await tx.member.create({ data: { orgId, userId, role: "admin" } });
    const ctx = setupCtx(orgId, requestId);
    const after = { organisation: input.organisation, admin: userId };
    await appendAudit(tx, ctx, { action: "setup.complete", object: `organisation:${orgId}`, after });
    await publishChange(tx, { topic: "members", orgId, id: userId });
  }).catch((error: unknown) => {
    throw isUniqueViolation(error) ? new AppError("name_taken", { detail: "e-mail", cause: error }) : error;
  });
  return { orgId, userId };
}

async function requireToken(token: string): Promise<void> {
  const found = await prisma().setupToken.findFirst({ where: { tokenHash: hashOf(token), usedAt: null } });
  if (found) return;
  // A good token that ended since the check above was ended by whoever was faster.
  if (await isSetUp()) throw new AppError("conflict", { detail: "set-up was completed meanwhile" });
  throw new AppError("setup_token");
}

/** Locks and ends the unused tokens; a parallel attempt waits here and then finds none. */
async function takeTokens(tx: Tx): Promise<void> {
  const taken = await tx.$executeRaw`UPDATE setup_token SET used_at = now() WHERE used_at IS NULL`;
  if (taken === 0) throw new AppError("conflict", { detail: "set-up was completed meanwhile" });
}

function setupCtx(orgId: OrgId, requestId: string): Ctx {
  return {
    orgId,
    actor: { kind: "system", name: "set-up" },
    permissions: allPermissions,
    requestId,
    now: new Date(),
  };
}
