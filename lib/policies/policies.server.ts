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
import { runPolicyTests, type TestRun } from "@/lib/policy/run-tests";
import { dropCompiled, sha256 } from "./lookup.server";
import { toIssues, toTestIssue } from "./problems";
import { readPolicies, readPolicy } from "./read.server";
import type {
  CheckDto,
  CheckInput,
  PolicyDto,
  PolicyInput,
  PolicyListItem,
  PublishInput,
  ShownVersionDto,
} from "./schema";
import { changesOf, knownTools } from "./known.server";

export { affectedPolicies } from "./affected.server";
export { policyCoverage } from "./coverage.server";
export { dropCompiled, findCompiled, type LivePolicy } from "./lookup.server";
export { replayPolicy } from "./replay.server";

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
export async function getPolicyVersion(ctx: Ctx, id: string, version: number): Promise<ShownVersionDto> {
  requirePermission(ctx, "read");
  const policy = await readPolicy(ctx, id);
  const found = policy.versions.find((item) => item.version === version);
  const row = await prisma().policyVersion.findFirst({ where: { policyId: id, version, orgId: ctx.orgId } });
  if (!found || !row) throw new AppError("not_found", { detail: "policy version" });
  return { ...found, text: row.text, changes: await changesOf(ctx, id, row) };
}

/**
 * The findings for a policy text, by the check that publishing makes, and how its tests come out. With `policyId` it also looks
 * at the tools of the servers that the policy's grants reach. Changes nothing; `not_found` for an unknown policy.
 */
export async function checkText(ctx: Ctx, input: CheckInput): Promise<CheckDto> {
  requirePermission(ctx, "read");
  if (input.policyId !== undefined) await requirePolicy(prisma(), ctx, input.policyId);
  const tools = input.policyId === undefined ? [] : await knownTools(ctx, input.policyId);
  const problems = checkPolicy(input.text, tools.length === 0 ? {} : { tools });
  const { passed, failed, results } = runPolicyTests(input.text, { digest: sha256 });
  return { problems, tests: { passed, failed, results } };
}

/**
 * Makes a policy. A text becomes version 1, live at once; an empty one leaves the policy without a live version.
 * Throws `policy_invalid` with the findings and makes nothing, `name_taken`.
 */
export async function createPolicy(ctx: Ctx, input: PolicyInput): Promise<PolicyDto> {
  requirePermission(ctx, "policy.write");
  const checked = input.text.trim() === "" ? null : publishable(input.text);
  if (checked) refuseFailing(checked, false);
  const id = randomUUID();
  const liveVersion = checked === null ? null : 1;
  await transaction(async (tx) => {
    await tx.policy.create({ data: { id, orgId: ctx.orgId, name: input.name, liveVersion } });
    if (checked) await addVersion(tx, ctx, { id, version: 1, text: input.text, reason: input.reason, ...checked });
    await appendAudit(tx, ctx, {
      action: "policy.create",
      object: `policy:${id}`,
      after: { name: input.name, version: liveVersion, contentHash: checked?.hash ?? null },
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
 * finding, `policy_tests_failed` unless failing tests are allowed with a reason, `conflict` naming the version that is live
 * instead of `baseVersion`, `not_found`; in each case nothing changes.
 */
export async function publishPolicy(ctx: Ctx, id: string, input: PublishInput): Promise<PolicyDto> {
  requirePermission(ctx, "policy.write");
  await requirePolicy(prisma(), ctx, id);
  const checked = publishable(input.text);
  refuseFailing(checked, input.allowFailingTests === true && input.reason !== "");
  const { hash, tests } = checked;
  await transaction(async (tx) => {
    const { version, before } = await takeTurn(tx, ctx, id, input.baseVersion);
    await addVersion(tx, ctx, { id, version, text: input.text, reason: input.reason, ...checked });
    await appendAudit(tx, ctx, {
      action: "policy.publish",
      object: `policy:${id}`,
      before: { version: input.baseVersion, contentHash: before },
      after: { version, contentHash: hash, ...(tests.failed > 0 ? { failingTests: tests.failed } : {}) },
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
  if (moved.count === 0) throw await conflictOf(tx, ctx, id);
  const live =
    base === null
      ? null
      : await tx.policyVersion.findFirst({ where: { policyId: id, orgId: ctx.orgId, version: base } });
  return { version, before: live?.contentHash ?? null };
}

/** The refusal of a publisher who came second, with whose version is live. */
async function conflictOf(tx: Tx, ctx: Ctx, id: string): Promise<AppError> {
  const policy = await tx.policy.findFirst({ where: { id, orgId: ctx.orgId }, select: { liveVersion: true } });
  const version = policy?.liveVersion ?? null;
  const row =
    version === null ? null : await tx.policyVersion.findFirst({ where: { policyId: id, orgId: ctx.orgId, version } });
  const author = row?.authorId
    ? await tx.user.findUnique({ where: { id: row.authorId }, select: { name: true } })
    : null;
  const by = author ? ` by ${author.name}` : "";
  const why = row?.reason ? `: ${row.reason}` : "";
  const message = row
    ? `Version ${String(version)} is live, published${by} at ${row.createdAt.toISOString()}${why}`
    : "Nothing is published";
  const issues = [{ path: `versions.${String(version ?? 0)}`, message }];
  return new AppError("conflict", { detail: "another version is live", issues });
}

interface NewVersion extends Publishable {
  id: string;
  version: number;
  text: string;
  reason: string;
}

async function addVersion(tx: Tx, ctx: Ctx, { id, version, hash, text, reason, tests }: NewVersion): Promise<void> {
  await tx.policyVersion.create({
    data: {
      policyId: id,
      version,
      orgId: ctx.orgId,
      text,
      contentHash: hash,
      authorId: ctx.actor.kind === "user" ? ctx.actor.userId : null,
      reason,
      testsPassed: tests.passed,
      testsFailed: tests.failed,
      createdAt: ctx.now,
    },
  });
}

/** A text without errors: its content hash, and how its tests came out. */
interface Publishable {
  hash: string;
  tests: TestRun;
}

/** Judges a text that may go live; throws `policy_invalid` with every finding otherwise. */
function publishable(text: string): Publishable {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new AppError("policy_invalid", { issues: toIssues(parsed.problems) });
  return {
    hash: compilePolicy(parsed.document, { digest: sha256 }).hash,
    tests: runPolicyTests(text, { digest: sha256 }),
  };
}

function refuseFailing({ tests }: Publishable, allowed: boolean): void {
  if (tests.failed === 0 || allowed) return;
  throw new AppError("policy_tests_failed", { issues: tests.results.filter(({ ok }) => !ok).map(toTestIssue) });
}

async function requirePolicy(tx: Pick<Tx, "policy">, ctx: Ctx, id: string): Promise<void> {
  const found = isUuid(id)
    ? await tx.policy.findFirst({ where: { id, orgId: ctx.orgId }, select: { id: true } })
    : null;
  if (!found) throw new AppError("not_found", { detail: "policy" });
}
