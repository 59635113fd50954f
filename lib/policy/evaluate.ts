import { isDecimal, isNegative, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { errorTable } from "@/lib/kernel/errors";
import { planFor } from "./compile";
import type { CompiledPolicy, CompiledRule, NameSet, Plan, PlanCounter } from "./compiled";
import { matchesGlob } from "./glob";
import { judge } from "./judge";
import type { Path } from "./path";
import { demandOf } from "./plan";
import type { Recorder } from "./recorder";
import { resolve } from "./resolve";
import { no, reasonOf, yes } from "./truth";
import type { CounterDemand, CounterLimit, Decision, DenyReason, Facts } from "./types";

const hiddenTool: Decision = { kind: "hidden", rule: "(hidden)" };
const notListed: Decision = {
  kind: "deny",
  rule: "(default deny)",
  reason: "default_deny",
  message: errorTable.default_deny.say,
};

/**
 * Judges one call: pure, synchronous, the same answer for the same input, and never a throw on data. Order
 * (docs/policy-language.md, "Order"): hidden, then not listed, then every rule of every block that matches, where any
 * denial denies and the first in file order is reported; what is left is allowed if its counters have room.
 */
export function evaluate(compiled: CompiledPolicy, facts: Facts, recorder: Recorder | null = null): Decision {
  if (isHidden(compiled, facts.tool)) return hiddenTool;
  const plan = planFor(compiled, facts.tool);
  if (!plan.listed && !compiled.defaultAllow) return notListed;
  let denial: Decision | null = null;
  for (const rule of plan.rules) {
    const reason = judgeRule(rule, facts, recorder);
    if (reason === null) continue;
    denial ??= {
      kind: "deny",
      rule: rule.id,
      reason,
      message: reason === "amount" ? rule.amountMessage : rule.message,
    };
    if (recorder === null) return denial;
  }
  return denial ?? plan.steady ?? { kind: "allow", counters: demandsOf(plan, facts) };
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
  return names.all || names.names.has(name) || names.globs.some((glob) => matchesGlob(glob, name));
}

/** Why a rule denies the call, or null. Unknown always takes the restrictive way. */
function judgeRule(rule: CompiledRule, facts: Facts, recorder: Recorder | null): DenyReason | null {
  recorder?.openRule(rule);
  const reason = denialOf(rule, facts, recorder);
  if (reason === undefined) recorder?.closeRule({ kind: "skipped" });
  else recorder?.closeRule(reason === null ? { kind: "passed" } : { kind: "denied", reason });
  return reason ?? null;
}

/** Undefined: the guard says that the rule does not apply. */
function denialOf(rule: CompiledRule, facts: Facts, recorder: Recorder | null): DenyReason | null | undefined {
  if (rule.when) {
    recorder?.part("when");
    const applies = judge(rule.when, facts, recorder);
    if (applies === no) return undefined;
    if (rule.action === "deny") return reasonOf(applies);
  }
  if (rule.action === "deny") return "rule";
  if (rule.conditions) {
    recorder?.part("conditions");
    const holds = judge(rule.conditions, facts, recorder);
    if (holds !== yes) return reasonOf(holds);
  }
  return rule.amountFrom && findAmount(rule.amountFrom, facts) === null ? "amount" : null;
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

/** The demand of a counter that depends on the call; null when its guard leaves nothing to count and nothing to check. */
function movedBy(counter: PlanCounter, facts: Facts): CounterDemand | null {
  const { source } = counter;
  const counts = source !== null && (source.when === null || judge(source.when, facts, null) !== no);
  const limits = counter.open ?? boundsOn(counter, facts);
  if (!counts && limits.length === 0) return null;
  const amount = counts ? (source.from ? findAmount(source.from, facts) : source.fixed) : zero;
  return demandOf(counter, amount ?? zero, limits);
}

/** The limits whose guards do not rule them out. */
function boundsOn(counter: PlanCounter, facts: Facts): CounterLimit[] {
  const applying = counter.limits.filter(({ when }) => when === null || judge(when, facts, null) !== no);
  return applying.map(({ limit }) => limit);
}
