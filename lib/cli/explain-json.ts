import type { CanonicalValue } from "@/lib/audit/canonical";
import type { Value } from "@/lib/kernel/value";
import type { ApprovalTerms } from "@/lib/policy/document";
import type { ConditionTrace, RuleTrace } from "@/lib/policy/explain";
import type { CounterTrace } from "@/lib/policy/simulate";
import { agentText } from "@/lib/policy/agent-text";
import type { Judged } from "./explain-lines";

/** The answer for programs. Numbers of the policy and the call are exact: read them with a reader that does not round. */
export function explainJson({ facts, explanation, simulation, counterNameOf }: Judged): CanonicalValue {
  const { verdict, counters, shadow } = simulation;
  return {
    call: { tool: facts.tool, args: facts.args },
    verdict: verdict.kind,
    rule: verdict.kind === "allow" ? "" : verdict.rule,
    reason: "reason" in verdict ? verdict.reason : null,
    agentReads: agentText(verdict, facts.tool),
    approvals: verdict.kind === "hold" ? verdict.terms.map(termsJson) : [],
    rules: explanation.rules.map(ruleJson),
    counters: counters.map((counter) => counterJson(counter, counterNameOf(counter.demand.counter))),
    shadow: shadow.map(({ rule, would }) => ({ rule, would })),
  };
}

function termsJson({ timeoutMs, approvers, quorum, reasonRequired }: ApprovalTerms): CanonicalValue {
  return { timeoutMs, approvers, quorum, reasonRequired };
}

function ruleJson({ rule, name, action, shadow, outcome, when, conditions }: RuleTrace): CanonicalValue {
  return {
    rule,
    name,
    action,
    shadow,
    outcome: outcome.kind,
    reason: "reason" in outcome ? outcome.reason : null,
    when: when && conditionJson(when),
    conditions: conditions && conditionJson(conditions),
  };
}

/** `actual` is missing when the call has no such value. */
function conditionJson(trace: ConditionTrace): CanonicalValue {
  const { truth, why } = trace;
  if (trace.kind !== "leaf") return { kind: trace.kind, truth, why, items: trace.items.map(conditionJson) };
  const { path, op, value, actual } = trace;
  return { kind: "leaf", path, op, value: value as Value, truth, why, ...(actual === undefined ? {} : { actual }) };
}

function counterJson({ demand, before, after, resetsAt, full }: CounterTrace, counter: string): CanonicalValue {
  const { by, per, window, amount, limits } = demand;
  return {
    counter,
    by,
    per,
    window,
    before,
    amount,
    after,
    resetsAt,
    limits: limits.map((limit) => ({
      rule: limit.rule,
      max: limit.max,
      inclusive: limit.inclusive,
      shadow: limit.shadow,
      hasRoom: !full.includes(limit),
    })),
  };
}
