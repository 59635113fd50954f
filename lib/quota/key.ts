/** Whose calls share one counter. */
export const counterPers = ["grant", "policy", "server", "org"] as const;
export type CounterPer = (typeof counterPers)[number];

/** What one counter belongs to. */
export interface CounterScope {
  per: CounterPer;
  /** Id of the grant, policy, server or organisation that `per` names. */
  scopeId: string;
  policyId: string;
  /** `<tool>.<counter>` or `_global.<counter>`, as in a `CounterDemand`. */
  counter: string;
  /** What is counted, as in a `CounterDemand`: an edit of the policy that changes it starts a new count. */
  meaning: string;
  /** Values that split the counter, in the order of the rule. */
  by: readonly string[];
}

/**
 * The text under which a counter is stored. Two different scopes never give the same text, whatever characters their
 * names hold; rotating a grant's token or publishing a version that leaves the counter alone keeps it.
 */
export function counterKey(scope: CounterScope): string {
  return JSON.stringify([...baseOf(scope), ...scope.by]);
}

/** The key that all `by` values of one counter share; null when nothing splits it. */
export function counterFamily(scope: CounterScope): string | null {
  return scope.by.length === 0 ? null : JSON.stringify(["family", ...baseOf(scope)]);
}

/** Values that may split one counter within one window; the next one is refused, so that nobody can fill the store. */
export const byValuesMax = 1000;

/** Counters of one grant keep the form of before `per`, so that their counts go on. */
function baseOf({ per, scopeId, policyId, counter, meaning }: CounterScope): string[] {
  const base = [scopeId, policyId, counter, meaning];
  return per === "grant" ? base : [per, ...base];
}

/** Whose calls a stored key counts together, and the values that split it; null when the key is not of this form. */
export function parseCounterKey(key: string): Pick<CounterScope, "per" | "scopeId" | "by"> | null {
  const parts = readTexts(key);
  if (!parts) return null;
  const shared = counterPers.find((per) => per === parts[0] && per !== "grant");
  const [scopeId, , , meaning, ...by] = shared ? parts.slice(1) : parts;
  return scopeId === undefined || meaning === undefined ? null : { per: shared ?? "grant", scopeId, by };
}

function readTexts(key: string): string[] | null {
  try {
    const value: unknown = JSON.parse(key);
    return Array.isArray(value) && value.every((part) => typeof part === "string") ? value : null;
  } catch {
    return null;
  }
}
