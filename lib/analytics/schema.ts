import type { CounterPer } from "@/lib/quota/key";

/** Figures of the overview page for the last 24 hours and the current windows. Amounts are exact decimal texts. */
export interface Overview {
  totals: { allow: number; deny: number; rate_limited: number; inDoubt: number; upstreamErrors: number };
  /** 24 buckets of one hour, oldest first; `at` is ISO 8601. */
  series: { at: string; allow: number; deny: number; rate_limited: number }[];
  counters: {
    name: string;
    /** Values that split the counter, texts in quotes; empty when nothing does. */
    by: readonly string[];
    /** Whose calls share it; null when that is not known any more. */
    per: CounterPer | null;
    /** Null when several grants share the counter. */
    grantId: string | null;
    /** The grant's label, or in words who shares the counter. */
    grantLabel: string;
    policyName: string;
    used: string;
    max: string | null;
    windowStart: string;
    resetsAt: string;
  }[];
  checklist: {
    server: boolean;
    tools: boolean;
    policy: boolean;
    grant: boolean;
    firstCall: boolean;
    firstDenial: boolean;
  };
}
