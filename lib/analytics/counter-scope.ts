import { parseCounterKey } from "@/lib/quota/key";
import type { CounterPer } from "@/lib/quota/key";

/** Whose calls a stored counter counts, and the values that split it. */
export interface CounterScopeText {
  /** Null when the key was too long to be kept. */
  per: CounterPer | null;
  by: readonly string[];
  /** For a person: the grant's label, or who shares the counter. */
  label: string;
}

/** Names by id that a label may need. */
export interface ScopeNames {
  /** The counter's grant; null when several share it. */
  grantLabel: string | null;
  servers: ReadonlyMap<string, string>;
}

/** Reads a counter's scope from its key. */
export function toScope(key: string, { grantLabel, servers }: ScopeNames): CounterScopeText {
  const read = parseCounterKey(key);
  if (grantLabel !== null) return { per: "grant", by: read?.by ?? [], label: grantLabel };
  if (read === null) return { per: null, by: [], label: "Shared" };
  const { per, by, scopeId } = read;
  switch (per) {
    case "policy":
      return { per, by, label: "Every grant of this policy" };
    case "server":
      return { per, by, label: `Server ${servers.get(scopeId) ?? scopeId}` };
    case "org":
      return { per, by, label: "Whole organisation" };
    case "grant":
      return { per, by, label: "" };
  }
}
