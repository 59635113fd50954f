import "server-only";
import { randomUUID } from "node:crypto";
import { appendAudit } from "@/lib/audit/audit.server";
import { prisma, publishChange, transaction, type Tx } from "@/lib/db/db.server";
import { isUniqueViolation } from "@/lib/db/failure";
import { requirePermission, type Ctx, type Role } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { isUuid, type OrgId } from "@/lib/kernel/ids";
import { hashPassword } from "./password.server";
import type { MemberDto, MemberInput, SessionDto } from "./schema";

/** The oldest organisation of this name, or null. */
export async function findOrganisation(name: string): Promise<OrgId | null> {
  const found = await prisma().organisation.findFirst({ where: { name }, orderBy: { createdAt: "asc" } });
  return found && (found.id as OrgId);
}

/** Makes an organisation without members, for demo data and tests; set-up makes its own. */
export async function createOrganisation(name: string): Promise<OrgId> {
  const made = await prisma().organisation.create({ data: { id: randomUUID(), name } });
  return made.id as OrgId;
}

/** The organisation's members by name. */
export async function listMembers(ctx: Ctx): Promise<MemberDto[]> {
  requirePermission(ctx, "read");
  const rows = await prisma().member.findMany({
    where: { orgId: ctx.orgId },
    include: { user: { select: { name: true, email: true } } },
    orderBy: { user: { name: "asc" } },
    take: 1000,
  });
  return rows.map((row) => ({ userId: row.userId, name: row.user.name, email: row.user.email, role: row.role }));
}

/** Makes a person with a password and their membership. Throws `name_taken` when the e-mail is in use. */
export async function createMember(ctx: Ctx, input: MemberInput): Promise<MemberDto> {
  requirePermission(ctx, "member.manage");
  const { name, email, role } = input;
  const passwordHash = await hashPassword(input.password);
  const userId = randomUUID();
  await transaction(async (tx) => {
    await tx.user.create({ data: { id: userId, email, name, passwordHash } });
    await tx.member.create({ data: { orgId: ctx.orgId, userId, role } });
    await appendAudit(tx, ctx, { action: "member.create", object: `member:${userId}`, after: { name, email, role } });
    await publishChange(tx, { topic: "members", orgId: ctx.orgId, id: userId });
  }).catch((error: unknown) => {
    throw isUniqueViolation(error) ? new AppError("name_taken", { detail: "e-mail", cause: error }) : error;
  });
  return { userId, name, email, role };
}

/** Changes a role; it counts from the member's next request on. Throws `last_admin`, `not_found`. */
export async function changeRole(ctx: Ctx, userId: string, role: Role): Promise<void> {
  requirePermission(ctx, "member.manage");
  await transaction(async (tx) => {
    const before = await lockMember(tx, ctx, userId);
    if (before === "admin" && role !== "admin") await requireOtherAdmin(tx, ctx, userId);
    await tx.member.updateMany({ where: { orgId: ctx.orgId, userId }, data: { role } });
    await appendAudit(tx, ctx, {
      action: "member.role",
      object: `member:${userId}`,
      before: { role: before },
      after: { role },
    });
    await publishChange(tx, { topic: "members", orgId: ctx.orgId, id: userId });
  });
}

/** Takes a member out of the organisation and ends their sessions and API tokens in it. Throws `last_admin`, `not_found`. */
export async function removeMember(ctx: Ctx, userId: string): Promise<void> {
  requirePermission(ctx, "member.manage");
  await transaction(async (tx) => {
    const before = await lockMember(tx, ctx, userId);
    if (before === "admin") await requireOtherAdmin(tx, ctx, userId);
    await tx.member.deleteMany({ where: { orgId: ctx.orgId, userId } });
    const ended = { where: { orgId: ctx.orgId, userId, revokedAt: null }, data: { revokedAt: ctx.now } };
    await tx.consoleSession.updateMany(ended);
    // Who comes back later does not find old tokens alive.
    await tx.apiToken.updateMany(ended);
    await appendAudit(tx, ctx, { action: "member.remove", object: `member:${userId}`, before: { role: before } });
    await publishChange(tx, { topic: "members", orgId: ctx.orgId, id: userId });
  });
}

/** Who is signed in; throws `forbidden` for the product's own contexts. */
export async function readSession(ctx: Ctx): Promise<SessionDto> {
  requirePermission(ctx, "read");
  if (ctx.actor.kind !== "user") throw new AppError("forbidden", { detail: "not a person" });
  const { userId, name, email, role } = ctx.actor;
  const org = await prisma().organisation.findUniqueOrThrow({ where: { id: ctx.orgId } });
  return {
    userId,
    name,
    email,
    role,
    organisation: { id: org.id, name: org.name },
    permissions: [...ctx.permissions].sort(),
  };
}

/** The role of a member. Locks every admin of the organisation, in one order, so that two cannot leave at once. */
async function lockMember(tx: Tx, ctx: Ctx, userId: string): Promise<Role> {
  await tx.$queryRaw`
    SELECT 1 FROM member WHERE org_id = ${ctx.orgId}::uuid AND role = 'admin' ORDER BY user_id FOR UPDATE`;
  const found = isUuid(userId) ? await tx.member.findFirst({ where: { orgId: ctx.orgId, userId } }) : null;
  if (!found) throw new AppError("not_found", { detail: "member" });
  return found.role;
}

async function requireOtherAdmin(tx: Tx, ctx: Ctx, userId: string): Promise<void> {
  const others = await tx.member.count({ where: { orgId: ctx.orgId, role: "admin", userId: { not: userId } } });
  if (others === 0) throw new AppError("last_admin");
}
