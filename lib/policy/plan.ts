import { AppError } from "@/lib/kernel/errors";
import { zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import type { Block, CounterFacts, CompiledRule, CounterSource, Plan, PlanCounter } from "./compiled";
import type { CounterDemand, CounterLimit } from "./types";

type Mutable = CounterSource & { limits: PlanCounter["limits"][number][] };

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
  return { listed, rules, counters: joined, steady: isSteady ? { kind: "allow", counters: steady } : null };
}

function addSource(counters: Map<string, Mutable>, counts: CounterSource): void {
  const known = counters.get(counts.counter);
  if (!known) {
    counters.set(counts.counter, { ...counts, limits: [] });
    return;
  }
  const stricter = {
    onUnknown: known.source && known.onUnknown === "hold" ? known.onUnknown : counts.onUnknown,
    onToolError: known.source && known.onToolError === "post" ? known.onToolError : counts.onToolError,
  };
  counters.set(counts.counter, { ...counts, ...stricter, limits: known.limits });
}

/** A counter that other tools move and this one only looks at: its room is checked, nothing is taken from it. */
function readOnly(facts: CounterFacts | undefined): Mutable | null {
  return facts ? { ...facts, onUnknown: "release", onToolError: "void", source: null, limits: [] } : null;
}

function withSteady(counter: Mutable): PlanCounter {
  const { source } = counter;
  const open = counter.limits.some((bound) => bound.when !== null) ? null : counter.limits.map((bound) => bound.limit);
  const steady = open && !source?.from && !source?.when ? demandOf(counter, source?.fixed ?? zero, open) : null;
  return { ...counter, open, steady };
}

/** What the ledger is asked for. */
export function demandOf(counter: CounterSource, amount: Decimal, limits: readonly CounterLimit[]): CounterDemand {
  const { counter: name, meaning, window, onUnknown, onToolError } = counter;
  return { counter: name, meaning, window, amount, limits, onUnknown, onToolError };
}
