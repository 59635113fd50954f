import { isUuid } from "@/lib/kernel/ids";
import { approvalTerms } from "./approval-terms";
import type { PlaceOf } from "./check-counters";
import type { PolicyDocument } from "./document";
import type { ProblemList } from "./problems";

/**
 * A rule and its document together may ask for more approvals than there are people who may give them. Named people are a fixed
 * number; a role may grow. What one place says by itself was checked when it was read.
 */
export function checkApprovals(document: PolicyDocument, problems: ProblemList, placeOf: PlaceOf): void {
  for (const rule of document.tools.flatMap((block) => block.rules)) {
    if (rule.action !== "require_approval") continue;
    const split = rule.approval === null || rule.approval.quorum === null || rule.approval.approvers === null;
    const { approvers, quorum } = approvalTerms(rule.approval, document.approvals);
    const said = document.approvals?.quorum === quorum && document.approvals.approvers === approvers;
    if (!split || said || approvers.some((name) => !isUuid(name)) || quorum <= approvers.length) continue;
    const message = `${quorum} must approve, but only ${approvers.length} may, by this rule and \`approvals\` together`;
    problems.error("value", placeOf(rule.at), message, "Lower the quorum or name more people.");
  }
}
