import { parseRecord } from "@/lib/audit/decision-record";
import type { Value } from "@/lib/kernel/value";
import type { CompiledPolicy } from "@/lib/policy/compile";
import type { ExpectWord } from "@/lib/policy/document";
import { factsOf } from "@/lib/policy/facts";
import type { RecordedCall } from "@/lib/policy/replay";
import type { ToolFacts } from "@/lib/policy/types";

/** A decision as the log's table gives it. */
export interface LoggedCall {
  seq: string;
  decisionId: string;
  at: Date;
  grantId: string;
  serverId: string;
  policyId: string | null;
  policyVersion: number | null;
  tool: string | null;
  decision: string;
  rule: string;
  reason: string;
  record: string;
  outcome: string | null;
}

/** What the ids of the log stand for. */
export interface Surroundings {
  orgId: string;
  grantOf: (id: string) => { id: string; label: string; tags: readonly string[] };
  serverOf: (id: string) => { name: string; tools: ReadonlyMap<string, ToolFacts> } | null;
  versionOf: (policyId: string, version: number) => CompiledPolicy | null;
}

const unknownTool: ToolFacts = { category: null, risk: null, annotations: new Map<string, Value>() };

/** A mark of the log: the list of argument keys, or one of them, was cut. */
const cutMark = "…";

/**
 * A recorded decision as the replay needs it; null for what no policy decided (a malformed body, a lost database, a revoked grant)
 * and for a record that cannot be read.
 */
export function toRecordedCall(row: LoggedCall, around: Surroundings): RecordedCall | null {
  const decision = decisionOf(row);
  const record = decision && parseRecord(row.record);
  if (!decision || record?.kind !== "decision" || row.tool === null) return null;
  const server = around.serverOf(row.serverId);
  const { policyId, policyVersion, tool } = row;
  return {
    facts: factsOf(
      { tool },
      {
        grant: around.grantOf(row.grantId),
        server: { name: server?.name ?? "" },
        client: { name: record.client.name },
        toolFacts: server?.tools.get(tool) ?? unknownTool,
        now: row.at.toISOString(),
      },
    ),
    argKeys: new Set(record.argKeys),
    allKeys: !record.argKeys.some((key) => key.endsWith(cutMark)),
    decisionId: row.decisionId,
    scope: { grantId: row.grantId, policyId: policyId ?? "", serverId: row.serverId, orgId: around.orgId },
    decision,
    rule: row.rule,
    counted: row.outcome !== "void",
    judgedBy: policyId === null || policyVersion === null ? null : around.versionOf(policyId, policyVersion),
  };
}

/** What a policy said, as the language names it; null when something else decided. */
function decisionOf({ decision, rule, reason }: LoggedCall): ExpectWord | null {
  if (rule === "(hidden)") return "hidden";
  if (reason === "approval_required") return "hold";
  if (rule.startsWith("(") && rule !== "(default deny)" && rule !== "(no policy)") return null;
  return decision === "allow" || decision === "deny" || decision === "rate_limited" || decision === "hold"
    ? decision
    : null;
}
