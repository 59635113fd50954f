import "server-only";
import { randomUUID } from "node:crypto";
import { appendAudit } from "@/lib/audit/audit.server";
import { prisma, publishChange, transaction, type Prisma, type Tx } from "@/lib/db/db.server";
import { requirePermission, requireSession, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { isUuid, type UserId } from "@/lib/kernel/ids";
import { apiTokenPrefix } from "./api-token-lookup.server";
import type { ApiTokenDto, ApiTokenInput, ApiTokenState, MintedApiToken } from "./api-token-schema";
import { lesserRole, rolesWithin } from "./matrix";
import { hashOf, hintOf, makeSecretToken } from "./secret-token.server";

const dayMs = 86_400_000;

const withOwner = (ctx: Ctx) =>
  ({
    user: { select: { name: true, members: { where: { orgId: ctx.orgId }, select: { role: true } } } },
  }) as const satisfies Prisma.ApiTokenInclude;
type TokenRow = Prisma.ApiTokenGetPayload<{ include: ReturnType<typeof withOwner> }>;

/** The reader's own API tokens, for admins everybody's, newest first. Throws `forbidden` for who is no person. */
export async function listApiTokens(ctx: Ctx): Promise<ApiTokenDto[]> {
  requirePermission(ctx, "read");
  const rows = await prisma().apiToken.findMany({
    where: visible(ctx),
    include: withOwner(ctx),
    orderBy: [{ createdAt: "desc" }, { id: "asc" }],
    take: 1000,
  });
  return rows.map((row) => toDto(ctx, row));
}

/**
 * Makes an API token for the caller. The token leaves only in this answer; its SHA-256 is what is stored. Throws `forbidden` for a
 * role above the caller's own, and for a caller that came with an API token.
 */
export async function mintApiToken(ctx: Ctx, input: ApiTokenInput): Promise<MintedApiToken> {
  requirePermission(ctx, "read");
  requireSession(ctx);
  const { userId, role } = personOf(ctx);
  if (!rolesWithin(role).includes(input.role)) throw new AppError("forbidden", { detail: "a role above the own one" });
  const token = makeSecretToken(apiTokenPrefix);
  const id = randomUUID();
  const row = await transaction(async (tx) => {
    const made = await tx.apiToken.create({
      data: {
        id,
        orgId: ctx.orgId,
        userId,
        name: input.name,
        role: input.role,
        tokenHash: hashOf(token),
        tokenHint: hintOf(token),
        expiresAt: new Date(ctx.now.getTime() + input.expiresInDays * dayMs),
      },
      include: withOwner(ctx),
    });
    await appendAudit(tx, ctx, { action: "api_token.mint", object: `api_token:${id}`, after: toRecord(made) });
    await publishChange(tx, { topic: "members", orgId: ctx.orgId, id });
    return made;
  });
  return { apiToken: toDto(ctx, row), token };
}

/**
 * Ends an API token for good, one's own or as an admin anybody's; its next request is refused. Revoking twice changes nothing and
 * leaves no second audit row. Throws `not_found` for what the caller does not see, `forbidden` for a caller with an API token.
 */
export async function revokeApiToken(ctx: Ctx, id: string): Promise<ApiTokenDto> {
  requirePermission(ctx, "read");
  requireSession(ctx);
  return transaction(async (tx) => {
    const before = await getRow(tx, ctx, id);
    const changed = await tx.apiToken.updateMany({
      where: { ...visible(ctx), id, revokedAt: null },
      data: { revokedAt: ctx.now },
    });
    if (changed.count === 0) return toDto(ctx, before);
    const after = await getRow(tx, ctx, id);
    await appendAudit(tx, ctx, { action: "api_token.revoke", object: `api_token:${id}`, after: toRecord(after) });
    await publishChange(tx, { topic: "members", orgId: ctx.orgId, id });
    return toDto(ctx, after);
  });
}

/** What the caller may see and end. */
function visible(ctx: Ctx): { orgId: string; userId?: UserId } {
  if (ctx.permissions.has("token.manage")) return { orgId: ctx.orgId };
  return { orgId: ctx.orgId, userId: personOf(ctx).userId };
}

function personOf(ctx: Ctx) {
  if (ctx.actor.kind !== "user") throw new AppError("forbidden", { detail: "not a person" });
  return ctx.actor;
}

async function getRow(tx: Tx, ctx: Ctx, id: string): Promise<TokenRow> {
  const row = isUuid(id)
    ? await tx.apiToken.findFirst({ where: { ...visible(ctx), id }, include: withOwner(ctx) })
    : null;
  if (!row) throw new AppError("not_found", { detail: "API token" });
  return row;
}

function stateAt(row: TokenRow, now: Date): ApiTokenState {
  if (row.revokedAt) return "revoked";
  return row.expiresAt <= now ? "expired" : "active";
}

function toDto(ctx: Ctx, row: TokenRow): ApiTokenDto {
  const ownerRole = row.user.members[0]?.role;
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    actsAs: ownerRole ? lesserRole(row.role, ownerRole) : null,
    owner: { userId: row.userId, name: row.user.name },
    isOwn: ctx.actor.kind === "user" && ctx.actor.userId === row.userId,
    state: stateAt(row, ctx.now),
    tokenHint: row.tokenHint,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  };
}

function toRecord(row: TokenRow) {
  return {
    name: row.name,
    role: row.role,
    owner: row.userId,
    expiresAt: row.expiresAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
  };
}
