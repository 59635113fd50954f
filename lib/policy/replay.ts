import { add, compare, isDecimal, toText, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { counterKey } from "@/lib/quota/key";
import { windowOf } from "@/lib/quota/window";
import { planFor } from "./compile";
import type { CompiledPolicy, CompiledRule, Plan, PlanCounter } from "./compiled";
import { isHidden } from "./evaluate";
import type { ExpectWord } from "./document";
import { isOnly, mayBe, possibleTruths, presenceOf } from "./possible";
import type { ValuelessCall } from "./possible";
import { no, yes } from "./truth";
import type { CounterLimit } from "./types";

/** A call as the log has it, with what was decided then. */
export interface RecordedCall extends ValuelessCall {
  readonly decisionId: string;
  readonly scope: {
    readonly grantId: string;
    readonly policyId: string;
    readonly serverId: string;
    readonly orgId: string;
  };
  readonly decision: ExpectWord;
  /** Rule that decided; "" on allow. */
  readonly rule: string;
  /** False when the call failed for certain and its quota was given back. */
  readonly counted: boolean;
  /** The policy that judged it; null when that version is not known any more. */
  readonly judgedBy: CompiledPolicy | null;
}

/** What the draft would answer; `undetermined` when that hangs on a value that was not kept. `rule` is "" then and on allow. */
export interface ReplayedCall {
  readonly verdict: ExpectWord | "undetermined";
  readonly rule: string;
}

/** Certain: it was so. Impossible: it was not. Open: it hangs on values. */
type Chance = "certain" | "open" | "impossible";

/** One counter in one window. */
interface Tally {
  /** The least and the most that it may stand at, for counters of calls. */
  low: Decimal;
  high: Decimal;
  /** Whether the draft may have counted calls that were not counted then, or left out some that were: sums are then not known. */
  more: boolean;
  fewer: boolean;
}

/**
 * Judges recorded calls by another policy, oldest first, without the values that were never kept. Where a rule of the draft is
 * the very rule that judged the call then, its outcome is taken from the record; everything else is judged by what is known,
 * and is undetermined where several answers are possible. Counts of calls are kept per window as the ledger keeps them; sums of
 * money are known only through unchanged limits.
 */
export class Replay {
  readonly #draft: CompiledPolicy;
  readonly #tallies = new Map<string, Tally>();
  readonly #texts = new WeakMap<CompiledRule, string>();

  constructor(draft: CompiledPolicy) {
    this.#draft = draft;
  }

  /** The draft's answer to the next call. */
  judge(call: RecordedCall): ReplayedCall {
    const replayed = this.#decide(call);
    for (const counter of planFor(this.#draft, call.facts.tool).counters) this.#noteDrift(counter, call, replayed);
    return replayed;
  }

  #decide(call: RecordedCall): ReplayedCall {
    if (isHidden(this.#draft, call.facts.tool)) return { verdict: "hidden", rule: "(hidden)" };
    const plan = planFor(this.#draft, call.facts.tool);
    if (!plan.listed && !this.#draft.defaultAllow) return { verdict: "deny", rule: "(default deny)" };
    const then = this.#outcomesThen(call);
    const faults = plan.rules.map((rule) => ({ rule, chance: then.get(this.#textOf(rule)) ?? chanceOf(rule, call) }));
    const denials = faults.filter(({ rule }) => rule.terms === null);
    const denied = denials.find(({ chance }) => chance === "certain");
    if (denied) return { verdict: "deny", rule: denied.rule.id };
    const doubt = denials.some(({ chance }) => chance === "open");
    return this.#weigh(plan, call, { doubt, holds: faults.filter(({ rule }) => rule.terms !== null) });
  }

  #weigh(
    plan: Plan,
    call: RecordedCall,
    { doubt, holds }: { doubt: boolean; holds: readonly { rule: CompiledRule; chance: Chance }[] },
  ): ReplayedCall {
    const limits = plan.counters.flatMap((counter) => this.#limitsOf(counter, call));
    const full = limits.find(({ chance }) => chance === "certain");
    if (full && !doubt) return { verdict: "rate_limited", rule: full.limit.rule };
    const open = doubt || limits.some(({ chance }) => chance === "open");
    if (!full) for (const counter of plan.counters) this.#count(counter, call, !open);
    if (open) return { verdict: "undetermined", rule: "" };
    const held = holds.find(({ chance }) => chance === "certain");
    if (held) return { verdict: "hold", rule: held.rule.id };
    return { verdict: holds.some(({ chance }) => chance === "open") ? "undetermined" : "allow", rule: "" };
  }

  /** What is known of rules by the record itself: on an allowed call none of them spoke, on a denied one the first did. */
  #outcomesThen(call: RecordedCall): Map<string, Chance> {
    const known = new Map<string, Chance>();
    if (!call.judgedBy) return known;
    for (const rule of planFor(call.judgedBy, call.facts.tool).rules) {
      const spoke = rule.id === call.rule && call.decision !== "rate_limited";
      if (spoke) known.set(this.#textOf(rule), "certain");
      else if (rule.terms === null || call.decision === "allow") known.set(this.#textOf(rule), "impossible");
      if (spoke && rule.terms === null) break;
    }
    return call.decision === "hidden" || call.rule.startsWith("(") ? new Map<string, Chance>() : known;
  }

  /** The meaning of a rule, whatever it is called; computed once. */
  #textOf(rule: CompiledRule): string {
    const found = this.#texts.get(rule);
    if (found !== undefined) return found;
    const { action, when, conditions, amountFrom, splits } = rule;
    const text = JSON.stringify([action, when, conditions, amountFrom, splits], meaningful);
    this.#texts.set(rule, text);
    return text;
  }

  #limitsOf(counter: PlanCounter, call: RecordedCall): { limit: CounterLimit; chance: Chance }[] {
    const enforced = counter.limits.filter(({ limit }) => !limit.shadow);
    return enforced.map(({ when, limit }) => {
      const applies = applyingIf(when, call);
      const chance = applies === "impossible" ? "impossible" : this.#fullness(counter, limit, call);
      return { limit, chance: applies === "open" && chance === "certain" ? "open" : chance };
    });
  }

  /** Whether a limit had no room for the call. */
  #fullness(counter: PlanCounter, limit: CounterLimit, call: RecordedCall): Chance {
    const { low, high, more, fewer } = this.#tallyOf(counter, call);
    if (counter.source?.from || counter.by.length > 0 || !counter.source) {
      const then = fullnessThen(counter, limit, call);
      return (then === "impossible" && more) || (then === "certain" && fewer) ? "open" : then;
    }
    const isOver = (used: Decimal): boolean => {
      const order = compare(add(used, counter.source?.fixed ?? zero), limit.max);
      return limit.inclusive ? order > 0 : order >= 0;
    };
    return isOver(low) ? "certain" : isOver(high) ? "open" : "impossible";
  }

  #count(counter: PlanCounter, call: RecordedCall, certain: boolean): void {
    const { source } = counter;
    if (!source || source.from || counter.by.length > 0) return;
    const applies = applyingIf(source.when, call);
    const failed = call.decision === "allow" && !call.counted;
    if (applies === "impossible" || failed) return;
    const tally = this.#tallyOf(counter, call);
    tally.high = add(tally.high, source.fixed);
    // A call that was not let through then might have failed; only one that ran counts for certain.
    if (certain && applies === "certain" && call.decision === "allow") tally.low = add(tally.low, source.fixed);
  }

  /** Notes where the draft's count of this call may differ from what was counted then. */
  #noteDrift(counter: PlanCounter, call: RecordedCall, { verdict }: ReplayedCall): void {
    const { source } = counter;
    if (source && applyingIf(source.when, call) === "impossible") return;
    const ran = call.decision === "allow" && call.counted;
    const old = call.judgedBy && findCounter(planFor(call.judgedBy, call.facts.tool), counter);
    const then = ran && old?.source ? guardText(old) : null;
    const failed = call.decision === "allow" && !call.counted;
    const refused = verdict === "deny" || verdict === "rate_limited" || verdict === "hidden";
    const now = source && !refused && !failed ? guardText(counter) : null;
    if (then === now && (verdict === "allow" || now === null)) return;
    const tally = this.#tallyOf(counter, call);
    if (now !== null) tally.more = true;
    if (then !== null) tally.fewer = true;
  }

  #tallyOf({ counter, meaning, window, per }: PlanCounter, { scope, facts }: RecordedCall): Tally {
    const scopeId = { grant: scope.grantId, policy: scope.policyId, server: scope.serverId, org: scope.orgId }[per];
    const key = counterKey({ per, scopeId, policyId: "", counter, meaning, by: [] });
    const cell = `${windowOf(Date.parse(facts.now), window).startMs} ${key}`;
    const found = this.#tallies.get(cell) ?? { low: zero, high: zero, more: false, fewer: false };
    this.#tallies.set(cell, found);
    return found;
  }
}

/** The same counter in another plan: by name, and counting the same. */
function findCounter(plan: Plan, { counter, meaning, per }: PlanCounter): PlanCounter | undefined {
  return plan.counters.find((one) => one.counter === counter && one.meaning === meaning && one.per === per);
}

function guardText({ source }: PlanCounter): string {
  return JSON.stringify(source?.when ?? null, meaningful);
}

/** What a sum or a split counter did then is known where the very same counter stood, with a limit at most as strict as now. */
function fullnessThen(counter: PlanCounter, limit: CounterLimit, call: RecordedCall): Chance {
  const before = call.judgedBy && planFor(call.judgedBy, call.facts.tool);
  const known = before ? findCounter(before, counter) : undefined;
  const enforced = known?.limits.filter((one) => !one.limit.shadow && one.when === null) ?? [];
  for (const { limit: old } of enforced) {
    if (old.inclusive !== limit.inclusive) continue;
    const order = compare(limit.max, old.max);
    if (call.decision === "allow" && order >= 0) return "impossible";
    if (call.decision === "rate_limited" && call.rule === old.rule && order <= 0) return "certain";
  }
  return "open";
}

function applyingIf(when: CompiledRule["when"], call: ValuelessCall): Chance {
  return when === null ? "certain" : applying(when, call);
}

/** Whether a guard picks the call out; doubt counts as yes, as in a judged call. */
function applying(when: NonNullable<CompiledRule["when"]>, call: ValuelessCall): Chance {
  const possible = possibleTruths(when, call);
  if (isOnly(possible, no)) return "impossible";
  return mayBe(possible, no) ? "open" : "certain";
}

/** Whether a rule speaks against the call. */
function chanceOf(rule: CompiledRule, call: ValuelessCall): Chance {
  const applies = applyingIf(rule.when, call);
  if (applies === "impossible" || rule.action !== "evaluate") return applies;
  const fails = failing(rule, call);
  return applies === "open" && fails === "certain" ? "open" : fails;
}

function failing(rule: CompiledRule, call: ValuelessCall): Chance {
  const possible = rule.conditions === null ? null : possibleTruths(rule.conditions, call);
  if (possible !== null && !mayBe(possible, yes)) return "certain";
  const needed = rule.amountFrom ? [rule.amountFrom, ...rule.splits] : rule.splits;
  const there = needed.map(({ steps: [first] }) => (first?.kind === "key" ? presenceOf(first.key, call) : "unknown"));
  if (there.some((presence) => presence === "absent" || presence === "lookalike")) return "certain";
  return needed.length > 0 || (possible !== null && !isOnly(possible, yes)) ? "open" : "impossible";
}

/** Numbers as text, sets as lists, patterns as written. */
function meaningful(key: string, value: unknown): unknown {
  if (key === "pattern") return undefined;
  if (value instanceof Set) return [...(value as Set<unknown>)];
  return isDecimal(value) ? { number: toText(value) } : value;
}
