import type { Decimal } from "@/lib/kernel/decimal";
import type { PolicyDocument } from "./document";
import { counterName, counterScope } from "./path";
import type { UsedOf } from "./simulate";
import { counterLabel } from "./split";

/**
 * How people name counters in samples and tests: `<tool>.<counter>`, and for a `limit`, which has no name of its own,
 * `<tool>.<rule name>`. Each written name with the counter that it means.
 */
export function counterNames(document: PolicyDocument): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const block of document.tools) {
    const scope = counterScope(block.name);
    for (const { name, counting, mode } of block.rules) {
      if (!counting || mode === "off") continue;
      const counter = counterName(scope, counting.counter);
      names.set(counter, counter);
      if (counting.form !== "limit") continue;
      for (const written of [counterName(scope, name), `${scope}.${name}`]) {
        if (!names.has(written)) names.set(written, counter);
      }
    }
  }
  return names;
}

/** A written name cut into the counter's and what stands in brackets behind it; null when no such counter is known. */
export function findCounter(written: string, names: ReadonlyMap<string, string>): { label: string } | null {
  const whole = names.get(written);
  if (whole !== undefined) return { label: whole };
  // From the right, because a counter's own name may hold brackets, and on past those inside a quoted value.
  for (let open = written.lastIndexOf("["); open > 0; open = written.lastIndexOf("[", open - 1)) {
    const counter = written.endsWith("]") ? names.get(written.slice(0, open)) : undefined;
    if (counter !== undefined) return { label: counter + written.slice(open) };
  }
  return null;
}

/**
 * What is already counted, from written names: first the entry with the very values that split the counter, then the one
 * for all values.
 */
export function usedFrom(state: ReadonlyMap<string, Decimal>, names: ReadonlyMap<string, string>): UsedOf {
  const used = new Map<string, Decimal>();
  for (const [written, amount] of state) used.set(findCounter(written, names)?.label ?? written, amount);
  return ({ counter, by }) => used.get(counterLabel(counter, by)) ?? used.get(counter);
}
