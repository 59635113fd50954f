import { add, compare } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";

/** A bound on a counter: `used + amount ≤ max`, or `<` when not inclusive. */
export interface Bound {
  readonly max: Decimal;
  readonly inclusive: boolean;
}

export type Admission = { ok: true } | { ok: false; index: number };

/** Whether `amount` more fits under every bound; otherwise the index of the first one that refuses. Exact, no rounding. */
export function admit(used: Decimal, amount: Decimal, limits: readonly Bound[]): Admission {
  const total = add(used, amount);
  const index = limits.findIndex((limit) => {
    const order = compare(total, limit.max);
    return limit.inclusive ? order > 0 : order >= 0;
  });
  return index < 0 ? { ok: true } : { ok: false, index };
}
