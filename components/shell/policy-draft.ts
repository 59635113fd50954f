/** A text that one page hands to the page of the new policy, with where it comes from. */
export interface PolicyDraft {
  label: string;
  note: string;
  text: string;
}

let left: PolicyDraft | null = null;

/** Leaves a text for the page of the new policy: in the memory of this tab, never in the URL or in storage. */
export function leavePolicyDraft(draft: PolicyDraft): void {
  left = draft;
}

/** The text that was left; null when there is none. It stays until it is forgotten, so that drawing twice shows it twice. */
export function peekPolicyDraft(): PolicyDraft | null {
  return left;
}

export function forgetPolicyDraft(): void {
  left = null;
}
