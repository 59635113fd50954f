import type { State } from "@/components/ui/state-chip";
import type { DecisionRow } from "@/lib/audit/schema";

type Judged = Pick<DecisionRow, "decision" | "rule">;
type Ended = Pick<DecisionRow, "decision" | "outcome" | "outcomeReason">;

/** How a row's decision is drawn: a hidden tool is a denial of its own kind. */
export function decisionState(row: Judged): State {
  return row.decision === "deny" && row.rule === "(hidden)" ? "hidden" : row.decision;
}

/** How a row's end is drawn; null when it never was sent. */
export function outcomeState(row: Ended): State | null {
  if (row.decision !== "allow") return null;
  if (row.outcome === null) return "running";
  if (row.outcome === "void" && /^(upstream|http |rpc_error)/.test(row.outcomeReason ?? "")) return "upstream_error";
  return row.outcome;
}
