import { parseRecord } from "./decision-record";
import type { DecisionDetail, DecisionRow, LogFilter } from "./schema";

/** A statement for the driver; every value is a parameter. */
export interface Query {
  text: string;
  values: (string | number)[];
}

/** A decision with its newest outcome and the names of what it concerns. `bigint` comes as text. */
export interface DecisionResult {
  seq: string;
  decision_id: string;
  at: Date;
  decision: DecisionRow["decision"];
  method: string | null;
  tool: string | null;
  rule: string | null;
  reason: string | null;
  record: string;
  policy_version: number | null;
  outcome: DecisionRow["outcome"];
  outcome_reason: string | null;
  outcome_record: string | null;
  grant_id: string | null;
  grant_label: string | null;
  server_id: string | null;
  server_name: string | null;
  policy_id: string | null;
  policy_name: string | null;
}

const SELECT = `
SELECT d.seq, d.decision_id, d.at, d.decision, d.method, d.tool, d.rule, d.reason, d.record, d.policy_version,
  o.outcome, o.reason AS outcome_reason, o.record AS outcome_record,
  g.id AS grant_id, g.label AS grant_label, s.id AS server_id, s.name AS server_name, p.id AS policy_id, p.name AS policy_name
FROM decision_log d
LEFT JOIN LATERAL (
  SELECT outcome, reason, record FROM decision_log
  WHERE org_id = d.org_id AND decision_id = d.decision_id AND kind = 'outcome' ORDER BY seq DESC LIMIT 1
) o ON true
LEFT JOIN "grant" g ON g.org_id = d.org_id AND g.id = d.grant_id
LEFT JOIN server s ON s.org_id = d.org_id AND s.id = d.server_id
LEFT JOIN policy p ON p.org_id = d.org_id AND p.id = d.policy_id
WHERE d.org_id = $1::uuid AND d.kind = 'decision'`;

/** What the text of a filter is looked for in; an argument's name counts, its value was never stored. */
const TEXT = (
  n: string,
) => `(d.tool ILIKE ${n} OR d.rule ILIKE ${n} OR d.reason ILIKE ${n} OR d.decision_id::text ILIKE ${n}
  OR EXISTS (SELECT 1 FROM jsonb_array_elements_text(d.record::jsonb -> 'argKeys') AS k (name) WHERE k.name ILIKE ${n}))`;

const conditions: { [K in keyof LogFilter]?: (n: string) => string } = {
  decision: (n) => `d.decision = ${n}`,
  outcome: (n) => `o.outcome = ${n}`,
  tool: (n) => `d.tool = ${n}`,
  grantId: (n) => `d.grant_id = ${n}::uuid`,
  serverId: (n) => `d.server_id = ${n}::uuid`,
  policyId: (n) => `d.policy_id = ${n}::uuid`,
  method: (n) => `d.method = ${n}`,
  text: TEXT,
  before: (n) => `d.seq < ${n}::bigint`,
};

const int8Max = 2n ** 63n - 1n;

/** One page of the log, newest first, and one row more that tells whether another page follows. */
export function toListQuery(orgId: string, filter: LogFilter): Query {
  const query: Query = { text: SELECT, values: [orgId] };
  for (const [name, condition] of Object.entries(conditions)) {
    const value = toParameter(filter, name as keyof LogFilter);
    if (value === null) continue;
    query.values.push(value);
    query.text += `\n  AND ${condition(`$${String(query.values.length)}`)}`;
  }
  query.values.push(filter.limit + 1);
  query.text += `\nORDER BY d.seq DESC LIMIT $${String(query.values.length)}::int`;
  return query;
}

/** Text that cannot be stored cannot be found either; NUL would make the driver fail. */
function toParameter(filter: LogFilter, name: keyof LogFilter): string | null {
  const value = filter[name];
  if (value === undefined || value === "") return null;
  if (typeof value === "bigint") return String(value > int8Max ? int8Max : value < 0n ? 0n : value);
  const text = String(value).replaceAll("\0", "\uFFFD");
  return name === "text" ? `%${text.replace(/[\\%_]/g, "\\$&")}%` : text;
}

export function toOneQuery(orgId: string, decisionId: string): Query {
  return { text: `${SELECT}\n  AND d.decision_id = $2::uuid`, values: [orgId, decisionId] };
}

const nobody = { name: null, version: null, address: null };

/** The row of a page. What has no column of its own is read from the record. */
export function toDecisionRow(result: DecisionResult): DecisionRow {
  const record = parseRecord(result.record);
  const outcome = result.outcome_record === null ? null : parseRecord(result.outcome_record);
  const decided = record?.kind === "decision" ? record : null;
  const ended = outcome?.kind === "outcome" ? outcome : null;
  return {
    seq: result.seq,
    decisionId: result.decision_id,
    at: result.at.toISOString(),
    decision: result.decision,
    outcome: result.outcome,
    outcomeReason: result.outcome_reason,
    method: result.method ?? "",
    tool: result.tool,
    rule: result.rule ?? "",
    reason: result.reason ?? "",
    ...namesOf(result),
    client: decided?.client ?? nobody,
    argKeys: decided?.argKeys ?? [],
    shadow: decided?.shadow ?? [],
    counted: decided?.counted ?? [],
    upstreamStatus: ended?.upstreamStatus ?? null,
    totalMs: ended?.totalMs ?? null,
  };
}

function namesOf(result: DecisionResult): Pick<DecisionRow, "grant" | "server" | "policy"> {
  const { grant_id: grantId, server_id: serverId, policy_id: policyId } = result;
  return {
    grant: grantId === null ? null : { id: grantId, label: result.grant_label ?? "" },
    server: serverId === null ? null : { id: serverId, name: result.server_name ?? "" },
    policy: policyId === null ? null : { id: policyId, name: result.policy_name ?? "", version: result.policy_version },
  };
}

/** One decision in full, with every chained record that names it. */
export function toDecisionDetail(result: DecisionResult, records: DecisionDetail["records"]): DecisionDetail {
  const record = parseRecord(result.record);
  const decided = record?.kind === "decision" ? record : null;
  return {
    ...toDecisionRow(result),
    argDigest: decided?.argDigest ?? null,
    protocolVersion: decided?.protocolVersion ?? null,
    policyHash: decided?.policyHash ?? null,
    records,
  };
}
