import { add, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { admit } from "@/lib/quota/admit";
import { limitText } from "@/lib/quota/limit-text";
import { windowOf } from "@/lib/quota/window";
import type { CompiledPolicy } from "./compiled";
import type { ApprovalTerms } from "./document";
import { evaluate } from "./evaluate";
import type { CounterDemand, CounterLimit, Decision, DenyReason, Facts, HoldDemand, ShadowNote } from "./types";

/** What a call would meet. `reason` is that of the log. */
export type Verdict =
  | { kind: "allow" }
  | { kind: "hidden"; rule: string }
  | { kind: "deny"; rule: string; reason: DenyReason; message: string }
  | { kind: "rate_limited"; rule: string; reason: "limit"; message: string }
  | { kind: "hold"; rule: string; reason: HoldDemand["reason"]; terms: readonly ApprovalTerms[] };

/** One counter that the call meets: what is counted before and after it, and which limits have no room for it. */
export interface CounterTrace {
  readonly demand: CounterDemand;
  readonly before: Decimal;
  readonly after: Decimal;
  /** End of the window, ISO 8601, UTC. */
  readonly resetsAt: string;
  readonly full: readonly CounterLimit[];
}

/** The whole answer to one call. `counters` is empty when the call was denied before they were looked at. */
export interface Simulation {
  readonly verdict: Verdict;
  readonly counters: readonly CounterTrace[];
  /** What rules in shadow would have done, their limits included. */
  readonly shadow: readonly ShadowNote[];
}

/** What is already counted in the window of `facts.now`; undefined is nothing. */
export type UsedOf = (demand: CounterDemand) => Decimal | undefined;

/**
 * The whole answer to a call for given counters: what the gateway does with the ledger, without one. Precedence: deny,
 * then a limit, then hold, then allow. Reserves nothing.
 */
export function simulate(compiled: CompiledPolicy, facts: Facts, used: UsedOf = () => undefined): Simulation {
  const decision = evaluate(compiled, facts);
  if (decision.kind === "hidden") return { verdict: decision, counters: [], shadow: [] };
  if (decision.kind === "deny") {
    const { kind, rule, reason, message } = decision;
    return { verdict: { kind, rule, reason, message }, counters: [], shadow: decision.shadow ?? [] };
  }
  const counters = decision.counters.map((demand) => trace(demand, used(demand) ?? zero, facts.now));
  const limited = counters.flatMap(({ full }) => full.filter((limit) => limit.shadow));
  const notes = limited.map(({ rule }): ShadowNote => ({ rule, would: "rate_limited" }));
  return { verdict: verdictOf(decision, counters), counters, shadow: [...(decision.shadow ?? []), ...notes] };
}

function trace(demand: CounterDemand, before: Decimal, now: string): CounterTrace {
  const full = demand.limits.filter((limit) => !admit(before, demand.amount, [limit]).ok);
  const resetsAt = new Date(windowOf(Date.parse(now), demand.window).endMs).toISOString();
  return { demand, before, after: add(before, demand.amount), resetsAt, full };
}

function verdictOf(
  decision: Extract<Decision, { kind: "allow" | "hold" }>,
  counters: readonly CounterTrace[],
): Verdict {
  for (const { demand, full, resetsAt } of counters) {
    const limit = full.find((one) => !one.shadow);
    if (!limit) continue;
    const message = limit.message ?? limitText(limit.max, demand.window, resetsAt);
    return { kind: "rate_limited", rule: limit.rule, reason: "limit", message };
  }
  if (decision.kind === "allow") return { kind: "allow" };
  const { rule, reason, holds } = decision;
  return { kind: "hold", rule, reason, terms: holds.map((hold) => hold.terms) };
}
