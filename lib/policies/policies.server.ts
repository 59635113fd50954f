import "server-only";
import { randomUUID } from "node:crypto";
import { appendAudit } from "@/lib/audit/audit.server";
import { prisma, publishChange, transaction, type Tx } from "@/lib/db/db.server";
import { isUniqueViolation } from "@/lib/db/failure";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { isUuid } from "@/lib/kernel/ids";
import { checkPolicy } from "@/lib/policy/check";
import { compilePolicy } from "@/lib/policy/compile";
import { parsePolicy } from "@/lib/policy/parse";
import type { Problem } from "@/lib/policy/types";
import { dropCompiled, sha256 } from "./lookup.server";
import { toIssues } from "./problems";
import { readPolicies, readPolicy } from "./read.server";
import type { PolicyDto, PolicyInput, PolicyListItem, PolicyVersionDto, PublishInput } from "./schema";

export { dropCompiled, findCompiled, type LivePolicy } from "./lookup.server";

/** The organisation's policies by name, with the denials of the last 24 hours. */
export async function listPolicies(ctx: Ctx): Promise<PolicyListItem[]> {
  requirePermission(ctx, "read");
  return readPolicies(ctx);
}

/** A policy with its live text and its versions, newest first; throws `not_found`. */
export async function getPolicy(ctx: Ctx, id: string): Promise<PolicyDto> {
  requirePermission(ctx, "read");
  return readPolicy(ctx, id);
}

/** One version with its text; throws `not_found`. */
export async function getPolicyVersion(
  ctx: Ctx,
  id: string,
  version: number,
): Promise<PolicyVersionDto & { text: string }> {
  requirePermission(ctx, "read");
  const policy = await readPolicy(ctx, id);
  const found = policy.versions.find((item) => item.version === version);
  const row = await prisma().policyVersion.findFirst({ where: { policyId: id, version, orgId: ctx.orgId } });
  if (!found || !row) throw new AppError("not_found", { detail: "policy version" });
  return { ...found, text: row.text };
}

/** The findings for a policy text: the same check that publishing makes. Changes nothing. */
export function checkText(ctx: Ctx, text: string): Problem[] {
  requirePermission(ctx, "read");
  return checkPolicy(text);
}

/**
 * Makes a policy. A text becomes version 1, live at once; an empty one leaves the policy without a live version.
 * Throws `policy_invalid` with the findings and makes nothing, `name_taken`.
 */
export async function createPolicy(ctx: Ctx, input: PolicyInput): Promise<PolicyDto> {
  requirePermission(ctx, "policy.write");
  const hash = input.text.trim() === "" ? null : contentHash(input.text);
  const id = randomUUID();
  const liveVersion = hash === null ? null : 1;
  await transaction(async (tx) => {
    await tx.policy.create({ data: { id, orgId: ctx.orgId, name: input.name, liveVersion } });
    if (hash !== null) await addVersion(tx, ctx, { id, version: 1, hash, text: input.text, reason: input.reason });
    await appendAudit(tx, ctx, {
      action: "policy.create",
      object: `policy:${id}`,
      after: { name: input.name, version: liveVersion, contentHash: hash },
      reason: input.reason,
    });
    await publishChange(tx, { topic: "policies", orgId: ctx.orgId, id });
  }).catch((error: unknown) => {
    throw isUniqueViolation(error) ? new AppError("name_taken", { cause: error }) : error;
  });
  return getPolicy(ctx, id);
}

/**
 * Publishes a text as the next version: it governs the next call. Throws `policy_invalid` with line, column and hint of each
 * finding, `conflict` when another version than `baseVersion` is live, `not_found`; in each case nothing changes.
 */
export async function publishPolicy(ctx: Ctx, id: string, input: PublishInput): Promise<PolicyDto> {
  requirePermission(ctx, "policy.write");
  await requirePolicy(prisma(), ctx, id);
  const hash = contentHash(input.text);
  await transaction(async (tx) => {
    const { version, before } = await takeTurn(tx, ctx, id, input.baseVersion);
    await addVersion(tx, ctx, { id, version, hash, text: input.text, reason: input.reason });
    await appendAudit(tx, ctx, {
      action: "policy.publish",
      object: `policy:${id}`,
      before: { version: input.baseVersion, contentHash: before },
      after: { version, contentHash: hash },
      reason: input.reason,
    });
    await publishChange(tx, { topic: "policies", orgId: ctx.orgId, id });
  });
  dropCompiled(id);
  return getPolicy(ctx, id);
}

/** Moves the live version on if it is still the author's base; one of two simultaneous publishers wins. */
async function takeTurn(tx: Tx, ctx: Ctx, id: string, base: number | null) {
  const highest = await tx.policyVersion.aggregate({
    where: { policyId: id, orgId: ctx.orgId },
    _max: { version: true },
  });
  const version = (highest._max.version ?? 0) + 1;
  const moved = await tx.policy.updateMany({
    where: { id, orgId: ctx.orgId, liveVersion: base },
    data: { liveVersion: version, updatedAt: ctx.now },
  });
  if (moved.count === 0) throw new AppError("conflict", { detail: "another version is live" });
  const live =
    base === null
      ? null
      : await tx.policyVersion.findFirst({ where: { policyId: id, orgId: ctx.orgId, version: base } });
  return { version, before: live?.contentHash ?? null };
}

interface NewVersion {
  id: string;
  version: number;
  hash: string;
  text: string;
  reason: string;
}

async function addVersion(tx: Tx, ctx: Ctx, { id, version, hash, text, reason }: NewVersion): Promise<void> {
  await tx.policyVersion.create({
    data: {
      policyId: id,
      version,
      orgId: ctx.orgId,
      text,
      contentHash: hash,
      authorId: ctx.actor.kind === "user" ? ctx.actor.userId : null,
      reason,
      createdAt: ctx.now,
    },
  });
}

/** The content hash of a text that may go live; throws `policy_invalid` with every finding otherwise. */
function contentHash(text: string): string {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new AppError("policy_invalid", { issues: toIssues(parsed.problems) });
  return compilePolicy(parsed.document, { digest: sha256 }).hash;
}

async function requirePolicy(tx: Pick<Tx, "policy">, ctx: Ctx, id: string): Promise<void> {
  const found = isUuid(id)
    ? await tx.policy.findFirst({ where: { id, orgId: ctx.orgId }, select: { id: true } })
    : null;
  if (!found) throw new AppError("not_found", { detail: "policy" });
}
