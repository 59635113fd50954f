import type { ApprovalTerms, ApprovalWords } from "./document";

/** What holds when nobody says otherwise. */
const terms: ApprovalTerms = {
  timeoutMs: 30 * 60_000,
  approvers: ["policy_manager"],
  quorum: 1,
  reasonRequired: false,
};

/** A rule's own words, then the document's, then those of the language. */
export function approvalTerms(rule: ApprovalWords | null, document: ApprovalWords | null): ApprovalTerms {
  return {
    timeoutMs: rule?.timeoutMs ?? document?.timeoutMs ?? terms.timeoutMs,
    approvers: rule?.approvers ?? document?.approvers ?? terms.approvers,
    quorum: rule?.quorum ?? document?.quorum ?? terms.quorum,
    reasonRequired: rule?.reasonRequired ?? document?.reasonRequired ?? terms.reasonRequired,
  };
}
