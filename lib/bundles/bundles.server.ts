import "server-only";
import { randomUUID } from "node:crypto";
import { appendAudit } from "@/lib/audit/audit.server";
import { prisma, publishChange, transaction } from "@/lib/db/db.server";
import { isUniqueViolation } from "@/lib/db/failure";
import { env } from "@/lib/env/env.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { toBundleDto } from "./bundle-dto";
import { getRow, shown, toRecord } from "./bundle-row.server";
import { dropBundle } from "./lookup.server";
import type { BundleDto, BundleInput, BundlePatch } from "./schema";

export { dropBundle, findBundle, type Bundle, type BundleMember } from "./lookup.server";
export { addMember, orderMembers, removeMember, setMemberPolicy, setPrefix } from "./members.server";

/** The organisation's bundles by name. */
export async function listBundles(ctx: Ctx): Promise<BundleDto[]> {
  requirePermission(ctx, "read");
  const rows = await prisma().bundle.findMany({
    where: { orgId: ctx.orgId },
    include: shown,
    orderBy: { name: "asc" },
    take: 1000,
  });
  return rows.map((row) => toBundleDto(row, env().publicUrl));
}

/** One bundle; throws `not_found` for another organisation's as for an unknown id. */
export async function getBundle(ctx: Ctx, id: string): Promise<BundleDto> {
  requirePermission(ctx, "read");
  return toBundleDto(await getRow(prisma(), ctx, id), env().publicUrl);
}

/** Makes an empty bundle. Throws `name_taken`. */
export async function createBundle(ctx: Ctx, { name }: BundleInput): Promise<BundleDto> {
  requirePermission(ctx, "server.manage");
  const id = randomUUID();
  await transaction(async (tx) => {
    await tx.bundle.create({ data: { id, orgId: ctx.orgId, name } });
    const after = toRecord(await getRow(tx, ctx, id));
    await appendAudit(tx, ctx, { action: "bundle.create", object: `bundle:${id}`, after });
    await publishChange(tx, { topic: "bundles", orgId: ctx.orgId, id });
  }).catch(asNameTaken);
  return getBundle(ctx, id);
}

/** Renames a bundle, enables it or disables it: then every call through it is refused. Throws `not_found`, `name_taken`. */
export async function updateBundle(ctx: Ctx, id: string, patch: BundlePatch): Promise<BundleDto> {
  requirePermission(ctx, "server.manage");
  const data = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  await transaction(async (tx) => {
    const before = toRecord(await getRow(tx, ctx, id));
    await tx.bundle.updateMany({
      where: { id, orgId: ctx.orgId },
      data: { ...data, updatedAt: ctx.now, version: { increment: 1 } },
    });
    const after = toRecord(await getRow(tx, ctx, id));
    await appendAudit(tx, ctx, { action: "bundle.update", object: `bundle:${id}`, before, after });
    await publishChange(tx, { topic: "bundles", orgId: ctx.orgId, id });
  }).catch(asNameTaken);
  dropBundle(id);
  return getBundle(ctx, id);
}

/** Deletes a bundle with its members and revoked grants; the servers stay. Throws `in_use` while a grant still works. */
export async function deleteBundle(ctx: Ctx, id: string): Promise<void> {
  requirePermission(ctx, "server.manage");
  await transaction(async (tx) => {
    const row = await getRow(tx, ctx, id);
    if (row._count.grants > 0) throw new AppError("in_use", { detail: "grants of this bundle are not revoked" });
    await tx.grant.deleteMany({ where: { bundleId: id, orgId: ctx.orgId, revokedAt: { not: null } } });
    await tx.bundle.deleteMany({ where: { id, orgId: ctx.orgId } });
    await appendAudit(tx, ctx, { action: "bundle.delete", object: `bundle:${id}`, before: toRecord(row) });
    await publishChange(tx, { topic: "bundles", orgId: ctx.orgId, id });
  });
  dropBundle(id);
}

function asNameTaken(error: unknown): never {
  if (isUniqueViolation(error)) throw new AppError("name_taken", { cause: error });
  throw error;
}
