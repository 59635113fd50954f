import { add, compare, zero } from "@/lib/kernel/decimal";
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

/** Whether at least 80 % of `max` is used: exact, no rounding. A bound of nothing has no share that could be near. */
export function isNear(used: Decimal, max: Decimal): boolean {
  if (compare(max, zero) <= 0 || toDouble(used) < toDouble(max) * 0.79) return false;
  const twice = add(used, used);
  const double = add(max, max);
  return compare(add(add(twice, twice), used), add(double, double)) >= 0;
}

/** Close enough to tell what is far from near without exact arithmetic, which every call would otherwise wait for. */
function toDouble({ coefficient, exponent }: Decimal): number {
  return Number(coefficient) * 10 ** exponent;
}
