import { isDecimal, isNegative, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { errorTable } from "@/lib/kernel/errors";
import { planFor } from "./compile";
import type { CompiledPolicy, CompiledRule, NameSet, Plan, PlanCounter } from "./compiled";
import { matchesGlob } from "./glob";
import { judge } from "./judge";
import type { Path } from "./path";
import { demandOf } from "./plan";
import { passesQuickly } from "./quick";
import type { Recorder } from "./recorder";
import { resolve } from "./resolve";
import { splitFault, splitTexts } from "./split";
import { no, reasonOf, yes } from "./truth";
import type { CounterDemand, CounterLimit, Decision, DenyReason, Facts, HoldDemand, ShadowNote } from "./types";

const hiddenTool: Decision = { kind: "hidden", rule: "(hidden)" };
const notListed: Decision = {
  kind: "deny",
  rule: "(default deny)",
  reason: "default_deny",
  message: errorTable.default_deny.say,
  shadow: null,
};

/**
 * Judges one call: pure, synchronous, the same answer for the same input, and never a throw on data. Order
 * (docs/policy-language.md, "Order"): hidden, then not listed, then every rule of every block that matches, where any
 * denial denies and the first in file order is reported; what is left is allowed, or held, if its counters have room.
 */
export function evaluate(compiled: CompiledPolicy, facts: Facts, recorder: Recorder | null = null): Decision {
  if (isHidden(compiled, facts.tool)) return hiddenTool;
  const plan = planFor(compiled, facts.tool);
  if (!plan.listed && !compiled.defaultAllow) return notListed;
  const shadow = plan.shadows.length === 0 ? null : shadowNotes(plan.shadows, facts, recorder);
  const isQuick = recorder === null && passesQuickly(plan.quick, facts.args);
  let denial: Decision | null = null;
  let holds: HoldDemand[] | null = null;
  for (const rule of isQuick ? plan.rest : plan.rules) {
    const fault = judgeRule(rule, facts, recorder);
    if (fault === null) continue;
    if (rule.terms !== null) {
      holds ??= [];
      holds.push({ rule: rule.id, reason: holdReason(fault), terms: rule.terms, message: rule.message });
      continue;
    }
    denial ??= { kind: "deny", rule: rule.id, reason: reasonFor(fault), message: messageFor(rule, fault), shadow };
    if (recorder === null) return denial;
  }
  if (denial) return denial;
  if (holds === null && shadow === null && plan.steady !== null) return plan.steady;
  const counters = demandsOf(plan, facts);
  const [first] = holds ?? [];
  if (!first || !holds) return { kind: "allow", counters, shadow };
  return { kind: "hold", rule: first.rule, reason: first.reason, holds, counters, shadow };
}

/** What the rules in shadow would have done; null when none of them speaks. Their limits are noted by the ledger. */
function shadowNotes(rules: readonly CompiledRule[], facts: Facts, recorder: Recorder | null): ShadowNote[] | null {
  let notes: ShadowNote[] | null = null;
  for (const rule of rules) {
    if (judgeRule(rule, facts, recorder) === null) continue;
    notes ??= [];
    notes.push({ rule: rule.id, would: rule.terms === null ? "deny" : "hold" });
  }
  return notes;
}

/** Whether the policy removes a tool from the agent's sight; such a tool is answered like one that does not exist. */
export function isHidden(compiled: CompiledPolicy, toolName: string): boolean {
  return isNamed(compiled.hidden, toolName);
}

/** What `methods` says about a method other than a tool call: the exact name first, else any glob that denies, else null. */
export function findMethodAction(compiled: CompiledPolicy, method: string): "allow" | "deny" | null {
  const exact = compiled.methods.find((line) => line.pattern === method);
  if (exact) return exact.action;
  const matching = compiled.methods.filter((line) => matchesGlob(line.pattern, method));
  return (matching.find((line) => line.action === "deny") ?? matching[0])?.action ?? null;
}

function isNamed(names: NameSet, name: string): boolean {
  if (names.all || names.names.has(name)) return true;
  return names.globs.length > 0 && names.globs.some((glob) => matchesGlob(glob, name));
}

/** Why a rule speaks against the call: the reasons of denials, and a counter that cannot be split. */
type Fault = DenyReason | "split_absent" | "split_type";

function reasonFor(fault: Fault): DenyReason {
  return fault === "split_absent" ? "absent" : fault === "split_type" ? "type" : fault;
}

/** A rule that holds has no counter, so its reasons are those of conditions. */
function holdReason(fault: Fault): HoldDemand["reason"] {
  return fault === "absent" || fault === "type" ? fault : "rule";
}

function messageFor(rule: CompiledRule, fault: Fault): string {
  if (fault === "amount") return rule.amountMessage;
  return fault === "split_absent" || fault === "split_type" ? rule.splitMessage : rule.message;
}

/** Why a rule denies or holds the call, or null. Unknown always takes the restrictive way. */
function judgeRule(rule: CompiledRule, facts: Facts, recorder: Recorder | null): Fault | null {
  recorder?.openRule(rule);
  const fault = faultOf(rule, facts, recorder);
  if (fault === undefined) recorder?.closeRule({ kind: "skipped" });
  else if (fault === null) recorder?.closeRule({ kind: "passed" });
  else recorder?.closeRule({ kind: rule.terms === null ? "denied" : "held", reason: reasonFor(fault) });
  return fault ?? null;
}

/** Undefined: the guard says that the rule does not apply. */
function faultOf(rule: CompiledRule, facts: Facts, recorder: Recorder | null): Fault | null | undefined {
  if (rule.when) {
    recorder?.part("when");
    const applies = judge(rule.when, facts, recorder);
    if (applies === no) return undefined;
    if (rule.action !== "evaluate") return reasonOf(applies);
  }
  if (rule.action !== "evaluate") return "rule";
  if (rule.conditions) {
    recorder?.part("conditions");
    const holds = judge(rule.conditions, facts, recorder);
    if (holds !== yes) return reasonOf(holds);
  }
  if (rule.amountFrom && findAmount(rule.amountFrom, facts) === null) return "amount";
  const split = rule.splits.length === 0 ? null : splitFault(rule.splits, facts);
  return split && (split === "absent" ? "split_absent" : "split_type");
}

/** An amount that may be added to a counter: there, a number, and not negative. */
function findAmount(path: Path, facts: Facts): Decimal | null {
  const value = resolve(path, facts);
  return isDecimal(value) && !isNegative(value) ? value : null;
}

function demandsOf(plan: Plan, facts: Facts): readonly CounterDemand[] {
  const demands: CounterDemand[] = [];
  for (const counter of plan.counters) {
    const demand = counter.steady ?? movedBy(counter, facts);
    if (demand) demands.push(demand);
  }
  return demands;
}

/**
 * The demand of a counter that depends on the call; null when its guard leaves nothing to count and nothing to check, or
 * when only shadow rules speak of it and the call lacks what they count.
 */
function movedBy(counter: PlanCounter, facts: Facts): CounterDemand | null {
  const { source, by } = counter;
  const counts = source !== null && (source.when === null || judge(source.when, facts, null) !== no);
  const limits = counter.open ?? boundsOn(counter, facts);
  if (!counts && limits.length === 0) return null;
  if (by.length > 0 && splitFault(by, facts) !== null) return null;
  const amount = counts ? (source.from ? findAmount(source.from, facts) : source.fixed) : zero;
  return demandOf(counter, amount ?? zero, splitTexts(by, facts), limits);
}

/** The limits whose guards do not rule them out. */
function boundsOn(counter: PlanCounter, facts: Facts): CounterLimit[] {
  const applying = counter.limits.filter(({ when }) => when === null || judge(when, facts, null) !== no);
  return applying.map(({ limit }) => limit);
}
