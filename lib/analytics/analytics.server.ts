import "server-only";
import { pool } from "@/lib/db/db.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { toScope } from "./counter-scope";
import type { Overview } from "./schema";
import { toSeries, type HourCount } from "./series";

const hourMs = 3_600_000;
const hours = 24;
const countersMax = 200;

const decisionsSql = `SELECT date_bin('1 hour', at, 'epoch'::timestamptz) AS hour, decision, count(*)::int AS count
  FROM decision_log WHERE org_id = $1 AND kind = 'decision' AND at >= $2 GROUP BY 1, 2`;

const outcomesSql = `SELECT count(*) FILTER (WHERE outcome = 'in_doubt')::int AS "inDoubt",
  count(*) FILTER (WHERE reason LIKE 'upstream\\_%' OR reason = 'address_blocked')::int AS "upstreamErrors"
  FROM decision_log WHERE org_id = $1 AND kind = 'outcome' AND at >= $2`;

const countersSql = `SELECT c.key, c.name, c.grant_id AS "grantId", coalesce(g.label, '') AS "grantLabel",
  coalesce(p.name, '') AS "policyName", trim_scale(c.used)::text AS used, trim_scale(c.max)::text AS max,
  c.window_start AS "windowStart", c.window_end AS "resetsAt"
  FROM counter c LEFT JOIN "grant" g ON g.id = c.grant_id AND g.org_id = c.org_id
  LEFT JOIN policy p ON p.id = c.policy_id AND p.org_id = c.org_id
  WHERE c.org_id = $1 AND c.window_end > $2
  ORDER BY c.used / nullif(c.max, 0) DESC NULLS LAST, c.name, c.key LIMIT ${String(countersMax)}`;

const serversSql = `SELECT id, name FROM server WHERE org_id = $1`;

const checklistSql = `SELECT
  EXISTS (SELECT 1 FROM server WHERE org_id = $1) AS server,
  EXISTS (SELECT 1 FROM server_tool WHERE org_id = $1 AND gone_at IS NULL) AS tools,
  EXISTS (SELECT 1 FROM policy WHERE org_id = $1 AND live_version IS NOT NULL) AS policy,
  EXISTS (SELECT 1 FROM "grant" WHERE org_id = $1) AS "grant",
  EXISTS (SELECT 1 FROM decision_log WHERE org_id = $1 AND kind = 'decision') AS "firstCall",
  EXISTS (SELECT 1 FROM decision_log WHERE org_id = $1 AND kind = 'decision' AND decision IN ('deny', 'rate_limited'))
    AS "firstDenial"`;

/**
 * The figures of the overview: decisions of the last 24 hours in hourly buckets that end with the current hour, how sent calls
 * ended, counters of windows that are open now (fullest first), and which set-up steps are done. Totals are the buckets' sums.
 */
export async function readOverview(ctx: Ctx): Promise<Overview> {
  requirePermission(ctx, "read");
  const firstMs = Math.floor(ctx.now.getTime() / hourMs) * hourMs - (hours - 1) * hourMs;
  const since = new Date(firstMs);
  const [decisions, outcomes, counters, servers, checklist] = await Promise.all([
    pool().query<HourCount>(decisionsSql, [ctx.orgId, since]),
    pool().query<{ inDoubt: number; upstreamErrors: number }>(outcomesSql, [ctx.orgId, since]),
    pool().query<CounterRow>(countersSql, [ctx.orgId, ctx.now]),
    pool().query<{ id: string; name: string }>(serversSql, [ctx.orgId]),
    pool().query<Overview["checklist"]>(checklistSql, [ctx.orgId]),
  ]);
  const names = new Map(servers.rows.map((row) => [row.id, row.name]));
  const series = toSeries(decisions.rows, firstMs, hours);
  const sum = (word: "allow" | "deny" | "rate_limited") => series.reduce((total, hour) => total + hour[word], 0);
  const { inDoubt, upstreamErrors } = outcomes.rows[0] ?? { inDoubt: 0, upstreamErrors: 0 };
  return {
    totals: { allow: sum("allow"), deny: sum("deny"), rate_limited: sum("rate_limited"), inDoubt, upstreamErrors },
    series,
    counters: counters.rows.map((row) => toCounter(row, names)),
    checklist: checklist.rows[0] ?? nothingDone,
  };
}

const nothingDone: Overview["checklist"] = {
  server: false,
  tools: false,
  policy: false,
  grant: false,
  firstCall: false,
  firstDenial: false,
};

type CounterRow = Omit<Overview["counters"][number], "by" | "per" | "windowStart" | "resetsAt"> & {
  key: string;
  windowStart: Date;
  resetsAt: Date;
};

function toCounter(row: CounterRow, servers: ReadonlyMap<string, string>): Overview["counters"][number] {
  const { key, grantLabel, windowStart, resetsAt, ...rest } = row;
  const { per, by, label } = toScope(key, { grantLabel: row.grantId === null ? null : grantLabel, servers });
  const span = { windowStart: windowStart.toISOString(), resetsAt: resetsAt.toISOString() };
  return { ...rest, by, per, grantLabel: label, ...span };
}
