import type { Decimal } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import { compilePolicy, planFor, type CompiledPolicy } from "@/lib/policy/compile";
import { counterNames, usedFrom } from "@/lib/policy/counter-names";
import type { PolicyDocument, PolicySource } from "@/lib/policy/document";
import { explain, type RuleTrace } from "@/lib/policy/explain";
import { isGlob } from "@/lib/policy/glob";
import { parsePolicy } from "@/lib/policy/parse";
import { simulate, type CounterTrace, type Simulation, type Verdict } from "@/lib/policy/simulate";
import { valueNode } from "@/lib/policy/text-node";
import type { CounterLimit, Facts } from "@/lib/policy/types";
import { flowText } from "@/lib/policy/yaml-text";

/** A text that calls can be judged by. */
export interface ReadyPolicy {
  readonly text: string;
  readonly document: PolicyDocument;
  readonly compiled: CompiledPolicy;
  readonly source: PolicySource;
  /** Written names of counters. */
  readonly names: ReadonlyMap<string, string>;
}

/** Null when the text has errors. */
export function readyPolicy(text: string): ReadyPolicy | null {
  const parsed = parsePolicy(text);
  if (!parsed.ok) return null;
  const { document, source } = parsed;
  // The hash of the compiled policy is not looked at here, so that it need not be computed.
  const compiled = compilePolicy(document, { digest: () => "" });
  return { text, document, compiled, source, names: counterNames(document) };
}

/** A counter that calls of a tool meet, under the name that people write. */
export interface ToolCounter {
  readonly name: string;
  readonly window: string;
  /** Arguments that split it; what is given then stands for each of their values. */
  readonly by: readonly string[];
}

/** The counters that calls of a tool move or are bounded by. */
export function countersOf({ compiled, names }: ReadyPolicy, tool: string): readonly ToolCounter[] {
  return planFor(compiled, tool).counters.map(({ counter, window, by }) => ({
    name: writtenName(names, counter),
    window,
    by: by.map((path) => path.text),
  }));
}

/** The most readable name of a counter: a `limit` goes by its rule. */
export function writtenName(names: ReadonlyMap<string, string>, counter: string): string {
  const others = [...names].filter(([name, meant]) => meant === counter && name !== counter);
  return others.at(-1)?.[0] ?? counter;
}

/** Tools that the policy itself names, for the list of suggestions. */
export function namedTools({ document }: ReadyPolicy): readonly string[] {
  const hidden = document.hide.map(({ pattern }) => pattern);
  return [...document.tools.map(({ name }) => name), ...hidden].filter((name) => !isGlob(name));
}

/** One rule as it judged the call, with the limits of it that were full. */
export interface JudgedRule extends RuleTrace {
  readonly decides: boolean;
  readonly counters: readonly CounterTrace[];
  readonly full: readonly CounterLimit[];
}

export interface Judgement {
  readonly facts: Facts;
  readonly verdict: Verdict;
  /** Enforced rules, then those in shadow, each in file order. */
  readonly rules: readonly JudgedRule[];
  readonly counters: readonly CounterTrace[];
  readonly shadow: Simulation["shadow"];
}

/** The whole answer to a call, by the code that the gateway runs, with every rule and what it looked at. */
export function judgeSample(policy: ReadyPolicy, facts: Facts, used: ReadonlyMap<string, Decimal>): Judgement {
  const { verdict, counters, shadow } = simulate(policy.compiled, facts, usedFrom(used, policy.names));
  const decisive = verdict.kind === "allow" ? "" : verdict.rule;
  const rules = explain(policy.compiled, facts).rules.map((rule): JudgedRule => {
    const own = counters.filter(({ demand }) => demand.limits.some((limit) => limit.rule === rule.rule));
    const full = own.flatMap((trace) => trace.full.filter((limit) => limit.rule === rule.rule));
    return { ...rule, decides: rule.rule === decisive, counters: own, full };
  });
  return { facts, verdict, rules: [...rules].sort((a, b) => Number(a.shadow) - Number(b.shadow)), counters, shadow };
}

/** A value as JSON with exact numbers; "absent" when there is none. */
export function valueText(value: Value | undefined): string {
  return value === undefined ? "absent" : flowText(valueNode(value), true);
}
