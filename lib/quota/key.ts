/** What one counter belongs to. */
export interface CounterScope {
  grantId: string;
  policyId: string;
  /** `<tool>.<counter>` or `_global.<counter>`, as in a `CounterDemand`. */
  counter: string;
  /** What is counted, as in a `CounterDemand`: an edit of the policy that changes it starts a new count. */
  meaning?: string;
  /** Values that split the counter, in the order of the rule. */
  by?: readonly string[];
}

/**
 * The text under which a counter is stored. Two different scopes never give the same text, whatever characters their
 * names hold; rotating a grant's token or publishing a version that leaves the counter alone keeps it.
 */
export function counterKey(scope: CounterScope): string {
  return JSON.stringify([scope.grantId, scope.policyId, scope.counter, scope.meaning ?? "", ...(scope.by ?? [])]);
}
