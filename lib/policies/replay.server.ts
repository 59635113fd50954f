import "server-only";
import { prisma } from "@/lib/db/db.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { compilePolicy } from "@/lib/policy/compile";
import type { CompiledPolicy } from "@/lib/policy/compile";
import { parsePolicy } from "@/lib/policy/parse";
import { Replay } from "@/lib/policy/replay";
import { findUpstream } from "@/lib/servers/servers.server";
import { readLog } from "./log-query.server";
import { sha256 } from "./lookup.server";
import { toIssues } from "./problems";
import { readPolicy } from "./read.server";
import { toRecordedCall, type LoggedCall, type Surroundings } from "./recorded-call";
import { ReplayCount } from "./replay-count";
import type { ReplayDto, ReplayInput } from "./schema";

const dayMs = 86_400_000;
const callsMax = 100_000;
const pageSize = 1_000;

/** Oldest first within the newest `callsMax`; the outcome says whether quota was given back. */
const firstSql = `SELECT seq FROM decision_log
  WHERE org_id = $1 AND kind = 'decision' AND at > $2 AND method = 'tools/call' AND (policy_id = $3 OR grant_id = ANY ($4::uuid[]))
  ORDER BY seq DESC OFFSET $5 LIMIT 1`;
const pageSql = `SELECT d.seq, d.decision_id AS "decisionId", d.at, d.grant_id AS "grantId", d.server_id AS "serverId",
    d.policy_id AS "policyId", d.policy_version AS "policyVersion", d.tool, d.decision, d.rule, d.reason, d.record, o.outcome
  FROM decision_log d
  LEFT JOIN decision_log o ON o.org_id = d.org_id AND o.decision_id = d.decision_id AND o.kind = 'outcome'
  WHERE d.org_id = $1 AND d.kind = 'decision' AND d.seq > $6 AND d.at > $2 AND d.method = 'tools/call'
    AND (d.policy_id = $3 OR d.grant_id = ANY ($4::uuid[]))
  ORDER BY d.seq LIMIT $5`;

/**
 * What a draft would have answered to the calls of the last days that this policy judged, or that its present grants made. Values
 * of arguments are never kept, so what hangs on them is counted as undetermined, never as unchanged. Reads the newest 100,000
 * calls at most. Throws `policy_invalid` with the findings, `not_found`, `caller_gone` when `signal` fires.
 */
export async function replayPolicy(ctx: Ctx, id: string, input: ReplayInput, signal?: AbortSignal): Promise<ReplayDto> {
  requirePermission(ctx, "read");
  const policy = await readPolicy(ctx, id);
  const draft = compileDraft(input.text);
  const replay = new Replay(draft);
  const count = new ReplayCount();
  const from = new Date(ctx.now.getTime() - input.days * dayMs);
  const grants = policy.grants.map((grant) => grant.id);
  const values = [ctx.orgId, from, id, grants];
  const [cutAt] = await readLog<{ seq: string }>(firstSql, [...values, callsMax]);
  const around = await readSurroundings(ctx);
  let after = cutAt?.seq ?? "0";
  for (;;) {
    if (signal?.aborted) throw new AppError("caller_gone");
    const page = await readLog<LoggedCall>(pageSql, [...values, pageSize, after]);
    await around.learn(page);
    for (const row of page) {
      const call = toRecordedCall(row, around);
      if (call) count.add(call, replay.judge(call), around.grantOf(row.grantId).label);
    }
    const last = page.at(-1);
    if (!last || page.length < pageSize) break;
    after = last.seq;
  }
  return count.report({ days: input.days, cut: cutAt !== undefined });
}

function compileDraft(text: string): CompiledPolicy {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new AppError("policy_invalid", { issues: toIssues(parsed.problems) });
  return compilePolicy(parsed.document, { digest: sha256 });
}

/** Who and what the log's ids are now, and the versions that judged its calls; each version is compiled once. */
async function readSurroundings(
  ctx: Ctx,
): Promise<Surroundings & { learn: (rows: readonly LoggedCall[]) => Promise<void> }> {
  const where = { orgId: ctx.orgId };
  const grants = await prisma().grant.findMany({ where, select: { id: true, label: true, tags: true } });
  const grantsById = new Map(grants.map((grant) => [grant.id, grant]));
  const servers = new Map<string, Awaited<ReturnType<typeof findUpstream>>>();
  const versions = new Map<string, CompiledPolicy | null>();
  return {
    orgId: ctx.orgId,
    grantOf: (id) => grantsById.get(id) ?? { id, label: "", tags: [] },
    serverOf: (id) => servers.get(id) ?? null,
    versionOf: (policyId, version) => versions.get(`${policyId} ${String(version)}`) ?? null,
    learn: async (rows) => {
      for (const { serverId, policyId, policyVersion } of rows) {
        if (!servers.has(serverId)) servers.set(serverId, await findUpstream(serverId));
        const key = `${policyId ?? ""} ${String(policyVersion)}`;
        if (policyId === null || policyVersion === null || versions.has(key)) continue;
        versions.set(key, await compileVersion(ctx, policyId, policyVersion));
      }
    },
  };
}

/** Null for a version that is gone or no longer reads: its records then say nothing of single rules. */
async function compileVersion(ctx: Ctx, policyId: string, version: number): Promise<CompiledPolicy | null> {
  const row = await prisma().policyVersion.findFirst({ where: { orgId: ctx.orgId, policyId, version } });
  const parsed = row && parsePolicy(row.text);
  return parsed?.ok ? compilePolicy(parsed.document, { digest: sha256 }) : null;
}
