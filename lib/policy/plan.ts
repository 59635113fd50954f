import { AppError } from "@/lib/kernel/errors";
import { zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import type { Block, CompiledRule, CountedCounter, CounterFacts, Plan, PlanCounter } from "./compiled";
import { quickOf } from "./quick";
import type { CounterDemand, CounterLimit } from "./types";

type Mutable = CountedCounter & { limits: PlanCounter["limits"][number][] };

/**
 * Joins the blocks that match one tool name, in file order. A counter appears once, with every limit of these rules on
 * it; two rate limits over one window share their counter, so a call counts once and both bounds hold.
 */
export function planOf(blocks: readonly Block[], listed: boolean, known: ReadonlyMap<string, CounterFacts>): Plan {
  const rules: CompiledRule[] = [];
  const counters = new Map<string, Mutable>();
  for (const block of blocks) {
    for (const { rule, counts, bounds } of block.rules) {
      rules.push(rule);
      if (counts) addSource(counters, counts);
      for (const { counter, limit } of bounds) {
        const facts = counters.get(counter) ?? readOnly(known.get(counter));
        if (!facts) throw new AppError("internal", { detail: `${rule.id} limits a counter that no rule has` });
        facts.limits.push({ when: rule.when, limit });
        counters.set(counter, facts);
      }
    }
  }
  const joined = [...counters.values()].map(withSteady);
  const steady = joined.map((counter) => counter.steady).filter((demand) => demand !== null);
  const isSteady = steady.length === joined.length;
  const enforced = rules.filter((rule) => !rule.shadow);
  return {
    listed,
    rules: enforced,
    ...quickOf(enforced),
    shadows: rules.filter((rule) => rule.shadow),
    counters: joined,
    steady: isSteady ? { kind: "allow", counters: steady, shadow: null } : null,
  };
}

function addSource(counters: Map<string, Mutable>, counts: CountedCounter): void {
  const known = counters.get(counts.counter);
  if (!known?.source) {
    counters.set(counts.counter, { ...counts, limits: known?.limits ?? [] });
    return;
  }
  // What a shadow rule says of settling binds nobody while an enforced rule counts the same.
  const speaking = [known, counts].filter((one) => !one.source?.shadow);
  const strict = speaking.length === 0 ? [known, counts] : speaking;
  counters.set(counts.counter, {
    ...counts,
    source: speaking.at(-1)?.source ?? counts.source,
    onUnknown: strict.some((one) => one.onUnknown === "hold") ? "hold" : "release",
    onToolError: strict.some((one) => one.onToolError === "post") ? "post" : "void",
    limits: known.limits,
  });
}

/** A counter that other tools move and this one only looks at: its room is checked, nothing is taken from it. */
function readOnly(facts: CounterFacts | undefined): Mutable | null {
  if (!facts) return null;
  const { counter, meaning, window, per, by } = facts;
  return { counter, meaning, window, per, by, onUnknown: "release", onToolError: "void", source: null, limits: [] };
}

function withSteady(counter: Mutable): PlanCounter {
  const { source, by } = counter;
  const open = counter.limits.some((bound) => bound.when !== null) ? null : counter.limits.map((bound) => bound.limit);
  const isFixed = by.length === 0 && !source?.from && !source?.when;
  const steady = open && isFixed ? demandOf(counter, source?.fixed ?? zero, [], open) : null;
  return { ...counter, open, steady };
}

/** What the ledger is asked for. */
export function demandOf(
  counter: CountedCounter,
  amount: Decimal,
  by: readonly string[],
  limits: readonly CounterLimit[],
): CounterDemand {
  const { counter: name, meaning, window, per, onUnknown, onToolError } = counter;
  return { counter: name, meaning, window, amount, per, by, limits, onUnknown, onToolError };
}
