import { zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { admit } from "@/lib/quota/admit";
import { limitText } from "@/lib/quota/limit-text";
import { windowOf } from "@/lib/quota/window";
import type { CompiledPolicy } from "./compiled";
import { evaluate } from "./evaluate";
import type { CounterDemand, DenyReason, Facts } from "./types";

/** What a call would meet. `reason` is that of the log. */
export type Verdict =
  | { kind: "allow" }
  | { kind: "hidden"; rule: string }
  | { kind: "deny"; rule: string; reason: DenyReason; message: string }
  | { kind: "rate_limited"; rule: string; reason: "limit"; message: string };

/**
 * The whole answer to a call for given counters: what the gateway does with the ledger, without one. `used` gives what
 * is already counted in the window of `facts.now`. Reserves nothing.
 */
export function simulate(
  compiled: CompiledPolicy,
  facts: Facts,
  used: (counter: string) => Decimal | undefined = () => undefined,
): Verdict {
  const decision = evaluate(compiled, facts);
  if (decision.kind !== "allow") return decision;
  for (const demand of decision.counters) {
    const verdict = findRefusal(demand, used(demand.counter) ?? zero, facts.now);
    if (verdict) return verdict;
  }
  return { kind: "allow" };
}

function findRefusal(demand: CounterDemand, used: Decimal, now: string): Verdict | null {
  const admission = admit(used, demand.amount, demand.limits);
  const limit = admission.ok ? undefined : demand.limits[admission.index];
  if (!limit) return null;
  const resetsAt = new Date(windowOf(Date.parse(now), demand.window).endMs).toISOString();
  const message = limit.message ?? limitText(limit.max, demand.window, resetsAt);
  return { kind: "rate_limited", rule: limit.rule, reason: "limit", message };
}
