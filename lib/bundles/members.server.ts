import "server-only";
import { appendAudit } from "@/lib/audit/audit.server";
import { publishChange, transaction, type Tx } from "@/lib/db/db.server";
import { env } from "@/lib/env/env.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { toBundleDto, type BundleRow, type MemberRow } from "./bundle-dto";
import { getRow, toRecord } from "./bundle-row.server";
import { dropBundle } from "./lookup.server";
import { fitsBehind, memberName, nameLengthMax } from "./member-name";
import type { BundleDto, MemberInput, MemberPolicyInput, OrderInput, PrefixInput } from "./schema";

/** Every list of a bundle asks all its members, so their number is bounded. */
const membersMax = 20;

/**
 * Puts a server into a bundle, behind those that are there. Throws `invalid_input` when it is there already, is not of this
 * organisation, its prefix is in use or leaves no room for one of its tools' names, or the bundle is full.
 */
export async function addMember(ctx: Ctx, id: string, input: MemberInput): Promise<BundleDto> {
  requirePermission(ctx, "server.manage");
  const { serverId, prefix, policyId } = input;
  return change(ctx, id, "bundle.member.add", async (tx, row) => {
    const server = await tx.server.findFirst({
      where: { id: serverId, orgId: ctx.orgId },
      select: { tools: { where: { goneAt: null }, select: { name: true } } },
    });
    if (!server) throw refused("serverId", unknownText);
    if (row.members.some((member) => member.serverId === serverId)) {
      throw refused("serverId", "This server is in the bundle already");
    }
    if (row.members.length >= membersMax) throw refused("serverId", `At most ${String(membersMax)} servers`);
    requirePrefix(row, serverId, prefix, server.tools);
    await requirePolicy(tx, ctx, policyId);
    const position = await nextPosition(tx, ctx, id);
    await tx.bundleMember.create({ data: { bundleId: id, serverId, orgId: ctx.orgId, prefix, position, policyId } });
  });
}

/** Takes a server out of a bundle. Calls that were sent are settled; the next one finds its tools unknown. Throws `not_found`. */
export async function removeMember(ctx: Ctx, id: string, serverId: string): Promise<BundleDto> {
  requirePermission(ctx, "server.manage");
  return change(ctx, id, "bundle.member.remove", async (tx, row) => {
    getMember(row, serverId);
    await tx.bundleMember.deleteMany({ where: { bundleId: id, serverId, orgId: ctx.orgId } });
  });
}

/** Gives a member another prefix, and so its tools other names. Throws `not_found`, and `invalid_input` as `addMember`. */
export async function setPrefix(ctx: Ctx, id: string, serverId: string, input: PrefixInput): Promise<BundleDto> {
  requirePermission(ctx, "server.manage");
  const { prefix } = input;
  return change(ctx, id, "bundle.member.prefix", async (tx, row) => {
    requirePrefix(row, serverId, prefix, getMember(row, serverId).server.tools);
    await tx.bundleMember.updateMany({ where: { bundleId: id, serverId, orgId: ctx.orgId }, data: { prefix } });
  });
}

/** Sets the policy of a member, or with null takes it away: every call to that server is then denied. Throws `not_found`, `invalid_input`. */
export async function setMemberPolicy(
  ctx: Ctx,
  id: string,
  serverId: string,
  { policyId }: MemberPolicyInput,
): Promise<BundleDto> {
  requirePermission(ctx, "policy.attach");
  return change(ctx, id, "bundle.member.policy", async (tx, row) => {
    getMember(row, serverId);
    await requirePolicy(tx, ctx, policyId);
    await tx.bundleMember.updateMany({ where: { bundleId: id, serverId, orgId: ctx.orgId }, data: { policyId } });
  });
}

/** Sets the order of the members. Throws `invalid_input` unless every member is named once. */
export async function orderMembers(ctx: Ctx, id: string, { serverIds }: OrderInput): Promise<BundleDto> {
  requirePermission(ctx, "server.manage");
  return change(ctx, id, "bundle.member.order", async (tx, row) => {
    const wanted = new Set(serverIds);
    const isWhole = wanted.size === serverIds.length && wanted.size === row.members.length;
    if (!isWhole || row.members.some((member) => !wanted.has(member.serverId))) {
      throw refused("serverIds", "Name every server of the bundle once");
    }
    for (const [position, serverId] of serverIds.entries()) {
      await tx.bundleMember.updateMany({ where: { bundleId: id, serverId, orgId: ctx.orgId }, data: { position } });
    }
  });
}

async function change(
  ctx: Ctx,
  id: string,
  action: string,
  apply: (tx: Tx, row: BundleRow) => Promise<void>,
): Promise<BundleDto> {
  const row = await transaction(async (tx) => {
    await getRow(tx, ctx, id);
    // The new version comes first: its row lock puts two changes of one bundle in order.
    await tx.bundle.updateMany({
      where: { id, orgId: ctx.orgId },
      data: { updatedAt: ctx.now, version: { increment: 1 } },
    });
    const before = await getRow(tx, ctx, id);
    await apply(tx, before);
    const after = await getRow(tx, ctx, id);
    const records = { before: toRecord(before), after: toRecord(after) };
    await appendAudit(tx, ctx, { action, object: `bundle:${id}`, ...records });
    await publishChange(tx, { topic: "bundles", orgId: ctx.orgId, id });
    return after;
  });
  dropBundle(id);
  return toBundleDto(row, env().publicUrl);
}

async function nextPosition(tx: Tx, ctx: Ctx, bundleId: string): Promise<number> {
  const { _max } = await tx.bundleMember.aggregate({ where: { bundleId, orgId: ctx.orgId }, _max: { position: true } });
  return (_max.position ?? -1) + 1;
}

function getMember(row: BundleRow, serverId: string): MemberRow {
  const found = row.members.find((member) => member.serverId === serverId);
  if (!found) throw new AppError("not_found", { detail: "bundle member" });
  return found;
}

function requirePrefix(row: BundleRow, serverId: string, prefix: string, tools: readonly { name: string }[]): void {
  const owner = row.members.find((member) => member.prefix === prefix && member.serverId !== serverId);
  if (owner) throw refused("prefix", `The prefix of ${owner.server.name}`);
  const tooLong = tools.find(({ name }) => !fitsBehind(prefix, name));
  if (!tooLong) return;
  const { length } = memberName(prefix, tooLong.name);
  throw refused(
    "prefix",
    `The tool ${tooLong.name} would get a name of ${String(length)} characters; at most ${String(nameLengthMax)} are allowed`,
  );
}

async function requirePolicy(tx: Tx, ctx: Ctx, policyId: string | null): Promise<void> {
  if (policyId === null) return;
  const found = await tx.policy.findFirst({ where: { id: policyId, orgId: ctx.orgId }, select: { id: true } });
  if (!found) throw refused("policyId", unknownText);
}

const unknownText = "There is no such thing in this organisation";

function refused(path: string, message: string): AppError {
  return new AppError("invalid_input", { issues: [{ path, message }] });
}
