import Big from "decimal.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDecimal, toText, zero } from "@/lib/kernel/decimal";
import { readJson } from "@/lib/kernel/json";
import type { ValueObject } from "@/lib/kernel/value";
import { compilePolicy } from "./compile";
import type { CompiledPolicy } from "./compile";
import { evaluate } from "./evaluate";
import { explain } from "./explain";
import { readPolicyText } from "./parse";
import { simulate } from "./simulate";
import { factsOf } from "./facts";
import type { Decision, Facts } from "./types";

// A second evaluator over plain data: slow, obvious, and written without the first one's parts.

/** Numbers of policies and calls are kept as text until they are compared. */
type Json = null | boolean | string | Num | Json[] | { [key: string]: Json };
interface Num {
  n: string;
}
interface LeafPlan {
  path: string;
  keys: (string | number)[];
  op: string;
  value: Json;
  skip: boolean;
}
type CondPlan = LeafPlan | { any: CondPlan[] } | { all: CondPlan[] } | { not: CondPlan };
interface RulePlan {
  name: string;
  kind: "check" | "deny" | "rate" | "sum" | "look";
  when: CondPlan[];
  conditions: CondPlan[];
  max: number;
  strict: boolean;
}
interface PolicyPlan {
  allowDefault: boolean;
  hide: string[];
  tools: { name: string; rules: RulePlan[] }[];
}
type Three = true | false | "absent" | "type";

const isNum = (value: Json | undefined): value is Num => typeof value === "object" && value !== null && "n" in value;
const typeName = (value: Json): string =>
  value === null ? "null" : isNum(value) ? "number" : Array.isArray(value) ? "list" : typeof value;

function same(wanted: Json, given: Json): Three {
  if (wanted === null) return given === null;
  if (typeName(wanted) !== typeName(given)) return "type";
  return isNum(wanted) && isNum(given) ? new Big(wanted.n).equals(given.n) : wanted === given;
}

const not = (truth: Three): Three => (truth === true ? false : truth === false ? true : truth);
const all = (truths: Three[]): Three =>
  truths.includes(false) ? false : (truths.find((truth) => truth !== true) ?? true);
const any = (truths: Three[]): Three => not(all(truths.map(not)));

function compareLeaf(leaf: LeafPlan, given: Json | undefined): Three {
  const { op, value } = leaf;
  if (op === "exists") return (given !== undefined && given !== null) === value;
  if (given === undefined) return "absent";
  if (op === "eq") return same(value, given);
  if (op === "neq") return not(same(value, given));
  if (op === "in") return any((value as Json[]).map((item) => same(item, given)));
  if (op === "not_in") return not(any((value as Json[]).map((item) => same(item, given))));
  if (op === "contains" && Array.isArray(given)) return any([false, ...given.map((item) => same(value, item))]);
  if (op === "contains") return typeof given === "string" && typeof value === "string" ? given.includes(value) : "type";
  if (op === "regex") return typeof given === "string" ? new RegExp(value as string, "u").test(given) : "type";
  if (!isNum(given) || !isNum(value)) return "type";
  const order = new Big(given.n).comparedTo(value.n);
  return { lt: order < 0, lte: order <= 0, gt: order > 0, gte: order >= 0 }[op] ?? "type";
}

function valuesAt(from: Json | undefined, keys: (string | number)[]): (Json | undefined)[] {
  const [key, ...rest] = keys;
  if (key === undefined) return [from];
  if (key === "*" && Array.isArray(from) && from.length > 0) return from.flatMap((item) => valuesAt(item, rest));
  if (typeof key === "number") return valuesAt(Array.isArray(from) ? from[key] : undefined, rest);
  const isObject = typeof from === "object" && from !== null && !Array.isArray(from) && !isNum(from);
  if (key === "*" || !isObject) return [undefined];
  return valuesAt(Object.hasOwn(from, key) ? from[key] : undefined, rest);
}

function truthOf(cond: CondPlan, args: Json): Three {
  if ("any" in cond) return any(cond.any.map((item) => truthOf(item, args)));
  if ("all" in cond) return all(cond.all.map((item) => truthOf(item, args)));
  if ("not" in cond) return not(truthOf(cond.not, args));
  const truth = all(valuesAt(args, cond.keys).map((value) => compareLeaf(cond, value)));
  return truth === "absent" && cond.skip ? false : truth;
}

const globMatches = (pattern: string, name: string): boolean =>
  new RegExp(`^${pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("\\*", ".*")}$`).test(name);

interface Answer {
  kind: string;
  rule: string;
  reason: string;
  /** Per counter: how much, and the bounds as text. */
  demands: Record<string, { amount: string; limits: string[] }>;
}

const plainAnswer = (kind: string, rule = "", reason = ""): Answer => ({ kind, rule, reason, demands: {} });

function oracle(policy: PolicyPlan, tool: string, args: Json): Answer {
  if (policy.hide.some((pattern) => globMatches(pattern, tool))) return plainAnswer("hidden", "(hidden)");
  const blocks = policy.tools.filter((block) => globMatches(block.name, tool));
  if (!blocks.some((block) => block.name !== "*") && !policy.allowDefault) {
    return plainAnswer("deny", "(default deny)", "default_deny");
  }
  const answer = plainAnswer("allow");
  for (const block of blocks) {
    for (const rule of block.rules) {
      const id = `/tools/${block.name}/rules/${rule.name}`;
      const denied = denialOf(rule, args);
      if (denied) return plainAnswer("deny", id, denied);
    }
  }
  for (const block of blocks) for (const rule of block.rules) demand(answer, block.name, rule, args);
  return answer;
}

function denialOf(rule: RulePlan, args: Json): string | null {
  const guard = all(rule.when.map((cond) => truthOf(cond, args)));
  if (guard === false) return null;
  if (rule.kind === "deny") return guard === true ? "rule" : guard;
  const holds = all(rule.conditions.map((cond) => truthOf(cond, args)));
  if (holds !== true) return holds === false ? "rule" : holds;
  if (rule.kind !== "sum") return null;
  const [amount] = valuesAt(args, ["amount"]);
  return isNum(amount) && !new Big(amount.n).lessThan(0) ? null : "amount";
}

function demand(answer: Answer, block: string, rule: RulePlan, args: Json): void {
  if (rule.kind === "check" || rule.kind === "deny") return;
  if (all(rule.when.map((cond) => truthOf(cond, args))) === false) return;
  const scope = block === "*" ? "_global" : block;
  const suffix = rule.when.length > 0 ? `._rate_day/${rule.name}` : "._rate_day";
  const counter = rule.kind === "rate" ? scope + suffix : rule.kind === "sum" ? `${scope}.spent` : "t1.spent";
  const [amount] = valuesAt(args, ["amount"]);
  const moved = rule.kind === "rate" ? "1" : rule.kind === "sum" && isNum(amount) ? new Big(amount.n).toFixed() : "0";
  const entry = (answer.demands[counter] ??= { amount: moved, limits: [] });
  if (rule.kind !== "look") entry.amount = moved;
  entry.limits.push(
    `${rule.strict && rule.kind !== "rate" ? "<" : "<="}${rule.max} /tools/${block}/rules/${rule.name}`,
  );
}

// Random policies and calls, written out as the text that a person could have written.

const number = fc
  .constantFrom("-5", "0", "1", "2.5", "2.50", "10", "1e1", "100", "9007199254740993", "0.1")
  .map((n): Json => ({ n }));
const text = fc.constantFrom<Json>("", "a", "usd", "USD", "5", "true");
const scalar = fc.oneof(number, text, fc.constantFrom<Json>(true, false, null));
const given: fc.Arbitrary<Json> = fc.oneof(
  { weight: 5, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
  fc.dictionary(fc.constantFrom("b", "amount"), scalar, { maxKeys: 2 }),
);
const paths: [string, (string | number)[]][] = [
  ["args.a", ["a"]],
  ["args.amount", ["amount"]],
  ["args.a.b", ["a", "b"]],
  ["args.l[0]", ["l", 0]],
  ["args.l[*]", ["l", "*"]],
  ['args["a.b"]', ["a.b"]],
  ["args.__proto__", ["__proto__"]],
];
const path = fc.constantFrom(...paths);
const leaf = fc
  .tuple(
    path,
    fc.boolean(),
    fc.oneof(
      fc.record({ op: fc.constantFrom("eq", "neq", "contains"), value: scalar }),
      fc.record({ op: fc.constantFrom("in", "not_in"), value: fc.array(scalar, { minLength: 1, maxLength: 4 }) }),
      fc.record({ op: fc.constantFrom("lt", "lte", "gt", "gte"), value: number }),
      fc.record({ op: fc.constant("exists"), value: fc.boolean() }),
      fc.record({ op: fc.constant("regex"), value: fc.constantFrom("^u", "s", "[0-9]+", "^$") }),
    ),
  )
  .map(([[written, keys], skip, rest]): LeafPlan => ({
    path: written,
    keys,
    skip: skip && rest.op !== "exists",
    ...rest,
  }));
const condition = fc.letrec<{ cond: CondPlan }>((tie) => ({
  cond: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 4, arbitrary: leaf },
    fc.record({ not: tie("cond") }),
    fc.record({ any: fc.array(tie("cond"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ all: fc.array(tie("cond"), { minLength: 1, maxLength: 3 }) }),
  ),
})).cond;
const conditions = (minLength: number) => fc.array(condition, { minLength, maxLength: 3 });
const rulePlan = fc
  .record({
    kind: fc.constantFrom("check", "check", "deny", "rate", "sum", "look"),
    when: fc.oneof(fc.constant<CondPlan[]>([]), conditions(1)),
    conditions: conditions(1),
    max: fc.constantFrom(0, 1, 10, 100),
    strict: fc.boolean(),
  })
  .map((rule): Omit<RulePlan, "name"> => ({
    ...rule,
    conditions: rule.kind === "deny" || rule.kind === "rate" ? [] : rule.conditions,
  }));

/** Names given, one summing rule per tool, and `t1` always has the counter that others look at. */
function tidy(name: string, rules: Omit<RulePlan, "name">[]): { name: string; rules: RulePlan[] } {
  const named = rules.map((rule, index): RulePlan => ({ ...rule, name: `r${index}` }));
  const sums = named.filter((rule) => rule.kind === "sum");
  return { name, rules: named.filter((rule) => rule.kind !== "sum" || rule === sums[0]) };
}
const base: RulePlan = { name: "base", kind: "sum", when: [], conditions: [], max: 100, strict: false };
const policyPlan = fc
  .record({
    allowDefault: fc.boolean(),
    hide: fc.subarray(["t2", "h*", "zz"]),
    tools: fc.uniqueArray(fc.tuple(fc.constantFrom("t1", "t2", "t*", "*", "x"), fc.array(rulePlan, { maxLength: 4 })), {
      selector: ([name]) => name,
      maxLength: 4,
    }),
  })
  .map(({ tools, ...rest }): PolicyPlan => {
    const tidied = tools.map(([name, rules]) => tidy(name, rules));
    const first = tidied.find((block) => block.name === "t1") ?? { name: "t1", rules: [] };
    if (!first.rules.some((rule) => rule.kind === "sum")) first.rules.push(base);
    return { ...rest, tools: tidied.includes(first) ? tidied : [...tidied, first] };
  });
const args = fc.dictionary(fc.constantFrom("a", "amount", "l", "a.b", "__proto__"), given, { noNullPrototype: false });
const call = fc.record({ tool: fc.constantFrom("t1", "t2", "t3", "x", "h1", "nobody"), args });

function write(value: Json | undefined): string {
  if (isNum(value)) return value.n;
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${write(item)}`)
    .join(",")}}`;
}

function writable(cond: CondPlan): Json {
  if ("any" in cond) return { any: cond.any.map(writable) };
  if ("all" in cond) return { all: cond.all.map(writable) };
  if ("not" in cond) return { not: writable(cond.not) };
  return { path: cond.path, op: cond.op, value: cond.value, ...(cond.skip ? { if_absent: "skip" } : {}) };
}

function writableRule(block: string, rule: RulePlan): Json {
  const scope = block === "*" ? "_global" : block;
  const counter = rule.kind === "sum" ? `state.${scope}.spent` : "state.t1.spent";
  const isBound = rule.kind === "sum" || rule.kind === "look";
  const bound: Json[] = isBound
    ? [{ path: counter, op: rule.strict ? "lt" : "lte", value: { n: String(rule.max) } }]
    : [];
  const parts = [...rule.conditions.map(writable), ...bound];
  return {
    name: rule.name,
    ...(rule.kind === "deny" ? { action: "deny" } : {}),
    ...(rule.when.length > 0 ? { when: rule.when.map(writable) } : {}),
    ...(parts.length > 0 ? { conditions: parts } : {}),
    ...(rule.kind === "rate" ? { rate_limit: `${rule.max}/day` } : {}),
    ...(rule.kind === "sum" ? { state: { counter: "spent", window: "day", increment_from: "args.amount" } } : {}),
  };
}

function build(policy: PolicyPlan): CompiledPolicy {
  const tools = policy.tools.map(({ name, rules }): [string, Json] => [
    name,
    { rules: rules.map((rule) => writableRule(name, rule)) },
  ]);
  const source: Json = {
    version: "1",
    default: policy.allowDefault ? "allow" : "deny",
    hide: policy.hide,
    tools: Object.fromEntries(tools),
  };
  const { document, problems } = readPolicyText(write(source));
  const errors = problems.sorted().filter(({ severity, code }) => severity === "error" && code !== "contradiction");
  expect(errors).toEqual([]);
  if (!document) throw new Error("no document");
  return compilePolicy(document, { digest: (input) => input });
}

function factsFor(tool: string, values: Json): Facts {
  const read = readJson(new TextEncoder().encode(write(values)));
  if (!read.ok) throw new Error(read.message);
  return factsOf({ tool, args: read.value as ValueObject });
}

function shown(decision: Decision): Answer {
  if (decision.kind !== "allow" && decision.kind !== "hold")
    return { ...plainAnswer(decision.kind, decision.rule), reason: decision.kind === "deny" ? decision.reason : "" };
  const entries = decision.counters.map(({ counter, amount, limits }): [string, Answer["demands"][string]] => {
    const bounds = limits.map((limit) => `${limit.inclusive ? "<=" : "<"}${toText(limit.max)} ${limit.rule}`);
    return [counter, { amount: toText(amount), limits: bounds }];
  });
  return { ...plainAnswer("allow"), demands: Object.fromEntries(entries) };
}

/** How much an answer lets through; a larger rank allows more. */
const rank = (kind: string): number => ["hidden", "deny", "rate_limited", "allow"].indexOf(kind);
const verdict = (compiled: CompiledPolicy, facts: Facts, used: string): string =>
  simulate(compiled, facts, () => parseDecimal(used) ?? zero).verdict.kind;
const used = fc.constantFrom("0", "9", "99.9", "100", "1000");

describe("evaluate", { timeout: 60_000 }, () => {
  test("agrees with the slow evaluator on thousands of random policies and calls, and so does explain", () => {
    fc.assert(
      fc.property(policyPlan, fc.array(call, { minLength: 4, maxLength: 8 }), (policy, calls) => {
        const compiled = build(policy);
        for (const { tool, args: values } of calls) {
          const decision = evaluate(compiled, factsFor(tool, values));
          expect(shown(decision)).toEqual(oracle(policy, tool, values));
          expect(explain(compiled, factsFor(tool, values)).decision).toEqual(decision);
        }
      }),
      { numRuns: 600 },
    );
  });

  test("adding a deny never allows more", () => {
    const denial = fc.record({
      at: fc.nat(4),
      block: fc.nat(4),
      when: fc.oneof(fc.constant<CondPlan[]>([]), conditions(1)),
    });
    fc.assert(
      fc.property(policyPlan, denial, call, used, (policy, { at, block, when }, { tool, args: values }, count) => {
        const extra: RulePlan = { name: "extra", kind: "deny", when, conditions: [], max: 0, strict: false };
        const tools = policy.tools.map((entry, index) =>
          index === block % policy.tools.length ? { ...entry, rules: entry.rules.toSpliced(at, 0, extra) } : entry,
        );
        const facts = factsFor(tool, values);
        const before = verdict(build(policy), facts, count);
        expect(rank(verdict(build({ ...policy, tools }), facts, count))).toBeLessThanOrEqual(rank(before));
      }),
      { numRuns: 250 },
    );
  });

  test("removing an argument never allows more, unless a condition speaks of absence", () => {
    const speaks = (cond: CondPlan): boolean => {
      if ("any" in cond) return cond.any.some(speaks);
      if ("all" in cond) return cond.all.some(speaks);
      return "not" in cond ? speaks(cond.not) : cond.skip || cond.op === "exists";
    };
    const silent = policyPlan.filter(({ tools }) => {
      return !tools.some(({ rules }) => rules.some((rule) => [...rule.when, ...rule.conditions].some(speaks)));
    });
    fc.assert(
      fc.property(
        silent,
        call,
        used,
        fc.constantFrom("a", "amount", "l", "a.b", "__proto__"),
        (policy, { tool, args: values }, count, gone) => {
          const compiled = build(policy);
          const fewer = Object.fromEntries(Object.entries(values).filter(([key]) => key !== gone));
          const before = verdict(compiled, factsFor(tool, values), count);
          expect(rank(verdict(compiled, factsFor(tool, fewer), count))).toBeLessThanOrEqual(rank(before));
        },
      ),
      { numRuns: 250 },
    );
  });

  test("the order of rules and tools changes at most which rule is reported", () => {
    const shuffled = policyPlan.chain((policy) =>
      fc.tuple(
        fc.constant(policy),
        fc.shuffledSubarray(policy.tools, { minLength: policy.tools.length }),
        fc.boolean(),
      ),
    );
    fc.assert(
      fc.property(shuffled, call, used, ([policy, tools, turn], { tool, args: values }, count) => {
        const other = tools.map((block) => (turn ? { ...block, rules: block.rules.toReversed() } : block));
        const facts = factsFor(tool, values);
        const [one, two] = [build(policy), build({ ...policy, tools: other })];
        expect(verdict(one, facts, count)).toBe(verdict(two, facts, count));
        const sorted = (compiled: CompiledPolicy) =>
          Object.entries(shown(evaluate(compiled, facts)).demands)
            .map(([counter, { amount, limits }]) => [counter, amount, limits.toSorted()])
            .sort();
        expect(sorted(one)).toEqual(sorted(two));
      }),
      { numRuns: 250 },
    );
  });
});
