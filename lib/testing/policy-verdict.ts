import { expect } from "vitest";
import { parseDecimal, toText, zero } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import { compilePolicy } from "@/lib/policy/compile";
import type { CompiledPolicy } from "@/lib/policy/compile";
import { evaluate } from "@/lib/policy/evaluate";
import { factsOf } from "@/lib/policy/facts";
import { readPolicyText } from "@/lib/policy/parse";
import { simulate } from "@/lib/policy/simulate";
import type { Facts } from "@/lib/policy/types";
import type { OracleAnswer, OracleCall, OracleDemand, OracleUsed } from "./policy-oracle";
import type { JsonObject } from "./policy-oracle-values";
import { jsonText, readObject, yamlText } from "./policy-text";

/** A policy as JSON, or as YAML with comments. */
export function textFor(policy: JsonObject, style: "json" | "yaml"): string {
  return style === "json" ? jsonText(policy) : yamlText(policy);
}

/** Findings that random policies are full of; what they point at is judged by both evaluators all the same. */
const tolerated = ["contradiction", "shadow_counter"];

/**
 * Text → compiled policy, through the parser. Requirements that contradict each other are let pass here: they only deny,
 * and random policies are full of them.
 */
export function buildText(text: string): CompiledPolicy {
  const { document, problems } = readPolicyText(text);
  const errors = problems.sorted().filter(({ severity, code }) => severity === "error" && !tolerated.includes(code));
  expect(errors).toEqual([]);
  if (!document) throw new Error("no document");
  return compilePolicy(document, { digest: (input) => input });
}

export function build(policy: JsonObject): CompiledPolicy {
  return buildText(jsonText(policy));
}

export function factsFor(call: OracleCall): Facts {
  return factsOf(
    { tool: call.tool, args: readObject(call.args) },
    {
      grant: call.grant,
      server: { name: call.server },
      client: { name: call.client },
      toolFacts: {
        category: call.category,
        risk: call.risk,
        annotations: new Map<string, Value>(Object.entries(call.annotations)),
      },
      meta: readObject(call.meta),
      now: call.now,
    },
  );
}

/** What the engine answers, in the oracle's words. */
export function answerOf(compiled: CompiledPolicy, facts: Facts, used: OracleUsed): OracleAnswer {
  const decision = evaluate(compiled, facts);
  const { verdict, counters, shadow } = simulate(compiled, facts, ({ counter, by }) => {
    return parseDecimal(used(counter, [...by])) ?? zero;
  });
  const held = decision.kind === "hold" ? decision.holds : [];
  if (verdict.kind === "hold") expect(verdict.terms).toEqual(held.map((hold) => hold.terms));
  const demands = counters.map(({ demand, before, after, resetsAt }): OracleDemand => {
    const { counter, meaning, window, per, by, onUnknown, onToolError } = demand;
    const limits = demand.limits.map((limit) => ({ ...limit, max: toText(limit.max) }));
    const totals = { amount: toText(demand.amount), before: toText(before), after: toText(after), resetsAt };
    return { counter, meaning, window, per, by: [...by], onUnknown, onToolError, limits, ...totals };
  });
  return {
    kind: verdict.kind,
    rule: "rule" in verdict ? verdict.rule : "",
    reason: "reason" in verdict ? verdict.reason : "",
    message: "message" in verdict ? verdict.message : "",
    shadow: [...shadow],
    holds: held.map(({ rule, reason, message, terms }) => {
      return { rule, reason, message, terms: { ...terms, approvers: [...terms.approvers] } };
    }),
    demands,
  };
}

/** Answers from the strictest to the most open. */
const strictness = ["hidden", "deny", "rate_limited", "hold", "allow"] as const;

/** How much an answer lets through; a larger rank allows more. */
export function rank(compiled: CompiledPolicy, facts: Facts, used: OracleUsed): number {
  return strictness.indexOf(answerOf(compiled, facts, used).kind);
}
