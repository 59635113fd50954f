import "server-only";
import { randomUUID } from "node:crypto";
import { appendAudit } from "@/lib/audit/audit.server";
import { prisma, publishChange, transaction, type Tx } from "@/lib/db/db.server";
import { env } from "@/lib/env/env.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { isUuid } from "@/lib/kernel/ids";
import { open, seal } from "@/lib/vault/vault.server";
import { dropGrant } from "./lookup.server";
import { toGrantDto, type GrantRow } from "./dto";
import type { AttachInput, GrantDto, GrantInput, MintedGrant } from "./schema";
import { hashOf, hintOf, makeToken } from "./token.server";

export { dropGrant, findGrantByToken, type GrantIdentity, type ServerGrant } from "./lookup.server";
export { flushTouchedGrants, touchGrant } from "./last-used.server";
export { claimCall, finishCall, loseCall, releaseCall, type Claim } from "./idempotent-calls.server";
export { bindTask, isOwnTask, listOwnTasks } from "./tasks.server";

const withNames = {
  server: { select: { id: true, name: true } },
  bundle: { select: { id: true, name: true } },
  policy: { select: { id: true, name: true } },
} as const;
const dayMs = 86_400_000;

/** The organisation's grants, newest first, without tokens. */
export async function listGrants(ctx: Ctx): Promise<GrantDto[]> {
  requirePermission(ctx, "read");
  const rows = await prisma().grant.findMany({
    where: { orgId: ctx.orgId },
    include: withNames,
    orderBy: [{ createdAt: "desc" }, { id: "asc" }],
    take: 1000,
  });
  return rows.map((row) => toDto(ctx, row));
}

/** One grant; throws `not_found` for another organisation's as for an unknown id. */
export async function getGrant(ctx: Ctx, id: string): Promise<GrantDto> {
  requirePermission(ctx, "read");
  return toDto(ctx, await getRow(prisma(), ctx, id));
}

/**
 * Makes a grant and its token. The token leaves only in this answer; stored are its SHA-256 and a sealed copy.
 * Throws `invalid_input` when server, bundle or policy is not of this organisation.
 */
export async function mintGrant(ctx: Ctx, input: GrantInput): Promise<MintedGrant> {
  requirePermission(ctx, "grant.manage");
  const token = makeToken();
  const id = randomUUID();
  const row = await transaction(async (tx) => {
    await requireScope(tx, ctx, input);
    await requirePolicy(tx, ctx, input.policyId);
    const made = await tx.grant.create({
      data: {
        id,
        orgId: ctx.orgId,
        serverId: input.serverId ?? null,
        bundleId: input.bundleId ?? null,
        policyId: input.policyId,
        label: input.label,
        tags: input.tags,
        tokenHash: hashOf(token),
        tokenHint: hintOf(token),
        sealedToken: seal({ table: "grant", id, purpose: "grant-token" }, token),
        createdById: ctx.actor.kind === "user" ? ctx.actor.userId : null,
        expiresAt: input.expiresInDays === null ? null : new Date(ctx.now.getTime() + input.expiresInDays * dayMs),
      },
      include: withNames,
    });
    await appendAudit(tx, ctx, { action: "grant.mint", object: `grant:${id}`, after: toRecord(made) });
    await publishChange(tx, { topic: "grants", orgId: ctx.orgId, id });
    return made;
  });
  return { grant: toDto(ctx, row), token };
}

/** Ends the grant for good; its next call is refused. Revoking twice changes nothing and leaves no second audit row. */
export async function revokeGrant(ctx: Ctx, id: string): Promise<GrantDto> {
  requirePermission(ctx, "grant.manage");
  const row = await transaction(async (tx) => {
    const before = await getRow(tx, ctx, id);
    const changed = await tx.grant.updateMany({
      where: { id, orgId: ctx.orgId, revokedAt: null },
      data: { revokedAt: ctx.now, version: { increment: 1 } },
    });
    if (changed.count === 0) return before;
    const after = await getRow(tx, ctx, id);
    await appendAudit(tx, ctx, { action: "grant.revoke", object: `grant:${id}`, after: toRecord(after) });
    await publishChange(tx, { topic: "grants", orgId: ctx.orgId, id });
    return after;
  });
  dropGrant(id);
  return toDto(ctx, row);
}

/**
 * Attaches a policy to the grant, or with null detaches it: every call is then denied. Throws `conflict` on a revoked grant,
 * `invalid_input` on a bundle's, whose servers have policies of their own.
 */
export async function attachPolicy(ctx: Ctx, id: string, input: AttachInput): Promise<GrantDto> {
  requirePermission(ctx, "policy.attach");
  const row = await transaction(async (tx) => {
    const before = await getRow(tx, ctx, id);
    if (before.bundle) throw refused("policyId", "In a bundle each server has its own policy");
    await requirePolicy(tx, ctx, input.policyId);
    const changed = await tx.grant.updateMany({
      where: { id, orgId: ctx.orgId, revokedAt: null },
      data: { policyId: input.policyId, version: { increment: 1 } },
    });
    if (changed.count === 0) throw new AppError("conflict", { detail: "the grant is revoked" });
    const after = await getRow(tx, ctx, id);
    const action = input.policyId === null ? "grant.detach" : "grant.attach";
    await appendAudit(tx, ctx, { action, object: `grant:${id}`, before: toRecord(before), after: toRecord(after) });
    await publishChange(tx, { topic: "grants", orgId: ctx.orgId, id });
    return after;
  });
  dropGrant(id);
  return toDto(ctx, row);
}

/**
 * The token of a grant from its sealed copy, for set-up tools that run on this host; recorded as a reveal. No route calls it.
 * Throws `not_found` when the copy was not kept.
 */
export async function openGrantToken(ctx: Ctx, id: string): Promise<string> {
  requirePermission(ctx, "grant.manage");
  return transaction(async (tx) => {
    const row = await getRow(tx, ctx, id);
    if (row.sealedToken === null) throw new AppError("not_found", { detail: "no sealed copy" });
    await appendAudit(tx, ctx, { action: "grant.reveal", object: `grant:${id}` });
    return open({ table: "grant", id: row.id, purpose: "grant-token" }, row.sealedToken);
  });
}

async function getRow(tx: Pick<Tx, "grant">, ctx: Ctx, id: string) {
  const row = isUuid(id) ? await tx.grant.findFirst({ where: { id, orgId: ctx.orgId }, include: withNames }) : null;
  if (!row) throw new AppError("not_found", { detail: "grant" });
  return row;
}

async function requireScope(tx: Tx, ctx: Ctx, { serverId, bundleId }: GrantInput): Promise<void> {
  const [id = "", path] = bundleId === undefined ? [serverId, "serverId"] : [bundleId, "bundleId"];
  const wanted = { where: { id, orgId: ctx.orgId }, select: { id: true } };
  const found = bundleId === undefined ? await tx.server.findFirst(wanted) : await tx.bundle.findFirst(wanted);
  if (!found) throw unknown(path);
}

async function requirePolicy(tx: Tx, ctx: Ctx, policyId: string | null): Promise<void> {
  if (policyId === null) return;
  const found = await tx.policy.findFirst({ where: { id: policyId, orgId: ctx.orgId }, select: { id: true } });
  if (!found) throw unknown("policyId");
}

function unknown(path: string): AppError {
  return refused(path, "There is no such thing in this organisation");
}

function refused(path: string, message: string): AppError {
  return new AppError("invalid_input", { issues: [{ path, message }] });
}

function toDto(ctx: Ctx, row: GrantRow): GrantDto {
  return toGrantDto(row, ctx.now, env().publicUrl);
}

function toRecord(row: GrantRow) {
  return {
    label: row.label,
    ...(row.bundle ? { bundle: row.bundle.id } : { server: row.server?.id ?? null }),
    policy: row.policy?.id ?? null,
    tags: row.tags,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
  };
}
