import "server-only";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { compilePolicy } from "@/lib/policy/compile";
import { coverageOf, type Decided, type Shadowed } from "@/lib/policy/coverage";
import { parsePolicy } from "@/lib/policy/parse";
import { knownTools, serversOf } from "./known.server";
import { readLog } from "./log-query.server";
import { sha256 } from "./lookup.server";
import { readPolicy } from "./read.server";
import type { CoverageDto } from "./schema";

const dayMs = 86_400_000;

const decidedSql = `SELECT tool, rule, count(*)::int AS count, to_json(max(at)) #>> '{}' AS "lastAt" FROM decision_log
  WHERE org_id = $1 AND kind = 'decision' AND at > $2 AND policy_id = $3 AND tool IS NOT NULL AND method = 'tools/call'
  GROUP BY tool, rule`;

const shadowedSql = `SELECT n->>'rule' AS rule, n->>'would' AS would, count(*)::int AS count, to_json(max(at)) #>> '{}' AS "lastAt"
  FROM decision_log, jsonb_array_elements(shadow) AS n
  WHERE org_id = $1 AND policy_id = $3 AND at > $2 AND shadow IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2`;

/**
 * Each tool that the policy can meet × each rule for it: what it decides, what never decided in the last `days`, what falls to
 * the default, what shadow rules would have done. By the live version; throws `not_found`.
 */
export async function policyCoverage(ctx: Ctx, id: string, days: number): Promise<CoverageDto> {
  requirePermission(ctx, "read");
  const policy = await readPolicy(ctx, id);
  const servers = await serversOf(ctx, id);
  const none = { days, servers, tools: [], rules: [] };
  if (policy.liveVersion === null) return none;
  const parsed = parsePolicy(policy.text);
  if (!parsed.ok) throw new AppError("internal", { detail: `policy ${id} does not parse` });
  const values = [ctx.orgId, new Date(ctx.now.getTime() - days * dayMs), id];
  const decided = await readLog<Decided>(decidedSql, values);
  const shadowed = await readLog<Shadowed>(shadowedSql, values);
  const tools = (await knownTools(ctx, id)).map(({ name }) => name);
  const { document } = parsed;
  const compiled = compilePolicy(document, { digest: sha256 });
  return { days, servers, ...coverageOf({ document, compiled }, tools, { decided, shadowed }) };
}
