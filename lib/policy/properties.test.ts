import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  argNames,
  callArbitrary,
  denialArbitrary,
  policyArbitrary,
  usedArbitrary,
} from "@/lib/testing/policy-arbitraries";
import type { OracleCall } from "@/lib/testing/policy-oracle";
import { isObject, listOf, Num, own, textOf } from "@/lib/testing/policy-oracle-values";
import type { Json, JsonObject } from "@/lib/testing/policy-oracle-values";
import { jsonText } from "@/lib/testing/policy-text";
import { answerOf, build, factsFor, rank } from "@/lib/testing/policy-verdict";
import { planFor } from "./compile";
import { explain } from "./explain";
import { readPolicyText } from "./parse";

const runs = { numRuns: process.env["SLOW"] === "1" ? 25_000 : 150 };
const three = fc.array(callArbitrary, { minLength: 3, maxLength: 3 });
const place = fc.record({ block: fc.nat(3), rule: fc.nat(4) });

function toolsOf(policy: JsonObject): [string, Json][] {
  const tools = own(policy, "tools");
  return isObject(tools) ? Object.entries(tools) : [];
}

/** The policy with one rule list changed; `change` sees the place in the list. */
function withRules(policy: JsonObject, { block, rule }: { block: number; rule: number }, change: Change): JsonObject {
  const tools = toolsOf(policy);
  const entries = tools.map(([name, body], index): [string, Json] => {
    if (index !== block % tools.length) return [name, body];
    const rules = listOf(own(body, "rules"));
    return [name, { rules: change(rules, rule % Math.max(rules.length, 1)) }];
  });
  return { ...policy, tools: Object.fromEntries(entries) };
}
type Change = (rules: Json[], at: number) => Json[];

/** Every object of a policy, rewritten from the inside out. */
function rewrite(value: Json, change: (object: JsonObject) => JsonObject): Json {
  if (Array.isArray(value)) return value.map((item) => rewrite(item, change));
  if (!isObject(value)) return value;
  return change(Object.fromEntries(Object.entries(value).map(([key, item]) => [key, rewrite(item, change)])));
}

function rewritten(policy: JsonObject, change: (object: JsonObject) => JsonObject): JsonObject {
  const result = rewrite(policy, change);
  return isObject(result) ? result : policy;
}

function isClean(policy: JsonObject): boolean {
  const problems = readPolicyText(jsonText(policy)).problems.sorted();
  return problems.every(({ severity, code }) => severity === "warning" || code === "contradiction");
}

function isRequestLeaf(object: JsonObject): boolean {
  return /^(args|meta)/.test(textOf(object["path"]) ?? "");
}

/** Without conditions that rely on absence: `if_absent: skip` and `exists` about the request. */
function silentOnAbsence(object: JsonObject): JsonObject {
  if (!isRequestLeaf(object)) return object;
  const { if_absent: _, ...leaf } = object;
  return leaf["op"] === "exists" ? { ...leaf, op: "neq", value: "a" } : leaf;
}

/** Rules that count are enforced: a limit on a counter that only a shadow rule moves is no promise. */
function countsForReal(object: JsonObject): JsonObject {
  const counts = ["state", "limit", "rate_limit"].some((key) => key in object);
  return counts && object["mode"] === "shadow" ? { ...object, mode: "enforce" } : object;
}

describe("I8 what makes a policy stricter", { timeout: 60_000 }, () => {
  test("one more denial never allows more", () => {
    fc.assert(
      fc.property(policyArbitrary, place, denialArbitrary, three, usedArbitrary, (policy, at, denial, calls, used) => {
        const stricter = build(withRules(policy, at, (rules, index) => rules.toSpliced(index, 0, denial)));
        const before = build(policy);
        for (const call of calls) {
          const facts = factsFor(call);
          expect(rank(stricter, facts, used)).toBeLessThanOrEqual(rank(before, facts, used));
        }
      }),
      runs,
    );
  });

  test("one more rule that holds never allows more, and at most holds what was allowed", () => {
    fc.assert(
      fc.property(policyArbitrary, place, denialArbitrary, three, usedArbitrary, (policy, at, denial, calls, used) => {
        const rule = { ...denial, action: "require_approval" };
        const stricter = build(withRules(policy, at, (rules, index) => rules.toSpliced(index, 0, rule)));
        const before = build(policy);
        for (const call of calls) {
          const facts = factsFor(call);
          const [one, two] = [answerOf(before, facts, used).kind, answerOf(stricter, facts, used).kind];
          expect(two === one || (one === "allow" && two === "hold")).toBe(true);
        }
      }),
      runs,
    );
  });

  test("turning a rule to shadow or off never refuses more, as long as the policy has no errors then", () => {
    const mode = fc.constantFrom("shadow", "off");
    fc.assert(
      fc.property(policyArbitrary, place, mode, three, usedArbitrary, (policy, at, word, calls, used) => {
        const looser = withRules(policy, at, (rules, index) =>
          rules.map((rule, here) => (here === index && isObject(rule) ? { ...rule, mode: word } : rule)),
        );
        fc.pre(isClean(looser));
        const [before, after] = [build(policy), build(looser)];
        for (const call of calls) {
          const facts = factsFor(call);
          expect(rank(after, facts, used)).toBeGreaterThanOrEqual(rank(before, facts, used));
        }
      }),
      runs,
    );
  });

  test("narrower limits never allow more", () => {
    const narrow = (object: JsonObject): JsonObject => {
      if (object["op"] === "lte" && (textOf(object["path"]) ?? "").startsWith("state")) return { ...object, op: "lt" };
      const [count, window] = (textOf(object["rate_limit"]) ?? "").split("/");
      if (window !== undefined) return { ...object, rate_limit: `${Math.max(0, Number(count) - 1)}/${window}` };
      return object["max"] instanceof Num ? { ...object, max: new Num("1") } : object;
    };
    const wide = (object: JsonObject): JsonObject =>
      object["max"] instanceof Num && object["max"].text === "0" ? { ...object, max: new Num("2") } : object;
    fc.assert(
      fc.property(policyArbitrary, three, usedArbitrary, (policy, calls, used) => {
        const before = build(rewritten(policy, wide));
        const narrower = build(rewritten(policy, (object) => narrow(wide(object))));
        for (const call of calls) {
          const facts = factsFor(call);
          expect(rank(narrower, facts, used)).toBeLessThanOrEqual(rank(before, facts, used));
        }
      }),
      runs,
    );
  });

  test("more that is already counted never allows more", () => {
    fc.assert(
      fc.property(policyArbitrary, three, usedArbitrary, (policy, calls, used) => {
        const compiled = build(policy);
        for (const call of calls) {
          const facts = factsFor(call);
          const fuller = rank(compiled, facts, () => "999999999999999999999999999999");
          expect(fuller).toBeLessThanOrEqual(rank(compiled, facts, used));
          expect(rank(compiled, facts, () => "0")).toBeGreaterThanOrEqual(rank(compiled, facts, used));
        }
      }),
      runs,
    );
  });
});

describe("W3 what a call leaves out or disguises", { timeout: 60_000 }, () => {
  test("removing an argument never allows more, unless a condition speaks of absence", () => {
    const gone = fc.constantFrom(...argNames);
    fc.assert(
      fc.property(policyArbitrary, three, gone, usedArbitrary, (policy, calls, name, used) => {
        const compiled = build(rewritten(policy, (object) => countsForReal(silentOnAbsence(object))));
        for (const call of calls) {
          const args = Object.fromEntries(Object.entries(call.args).filter(([key]) => key !== name));
          const before = rank(compiled, factsFor(call), used);
          expect(rank(compiled, factsFor({ ...call, args }), used)).toBeLessThanOrEqual(before);
        }
      }),
      runs,
    );
  });

  /** Comparisons that judge one type: no null, no `contains`, and nothing that relies on absence. */
  const strictlyTyped = (object: JsonObject): JsonObject => {
    const leaf = silentOnAbsence(object);
    if (!isRequestLeaf(leaf)) return leaf;
    const loose = ["contains", "not_contains"].includes(textOf(leaf["op"]) ?? "");
    const values = Array.isArray(leaf["value"]) ? leaf["value"].filter((value) => value !== null) : leaf["value"];
    const empty = values === null || (Array.isArray(values) && values.length === 0);
    return loose || empty ? { ...leaf, op: "neq", value: "a" } : { ...leaf, value: values ?? "a" };
  };

  test("a list around a value never allows more where conditions judge one type", () => {
    const wrapped = fc.constantFrom("a", "amount", "currency", "n", "a.b", "deep", "__proto__");
    fc.assert(
      fc.property(policyArbitrary, three, wrapped, usedArbitrary, (policy, calls, name, used) => {
        const compiled = build(rewritten(policy, (object) => countsForReal(strictlyTyped(object))));
        for (const call of calls) {
          const wrap = ([key, value]: [string, Json]): [string, Json] => [key, key === name ? [value] : value];
          const args = Object.fromEntries(Object.entries(call.args).map(wrap));
          const before = rank(compiled, factsFor(call), used);
          expect(rank(compiled, factsFor({ ...call, args }), used)).toBeLessThanOrEqual(before);
        }
      }),
      runs,
    );
  });

  test("a number written as text never allows more where conditions judge numbers", () => {
    /** The text would be another value for a counter that is split by it, so nothing is split here. */
    const numeric = (object: JsonObject): JsonObject => {
      const { by: _, ...leaf } = strictlyTyped(object);
      if (!isRequestLeaf(leaf) || leaf["value"] instanceof Num) return leaf;
      return Array.isArray(leaf["value"]) && leaf["value"].every((value) => value instanceof Num)
        ? leaf
        : { ...leaf, op: "lte", value: new Num("10") };
    };
    const names = fc.constantFrom("a", "amount", "n", "a.b");
    fc.assert(
      fc.property(policyArbitrary, three, names, usedArbitrary, (policy, calls, name, used) => {
        const compiled = build(rewritten(policy, (object) => countsForReal(numeric(object))));
        for (const call of calls) {
          const quote = (value: Json): Json => (value instanceof Num ? value.text : value);
          const entries = Object.entries(call.args).map(([key, value]): [string, Json] => [
            key,
            key === name ? quote(value) : value,
          ]);
          const before = rank(compiled, factsFor(call), used);
          const after = rank(compiled, factsFor({ ...call, args: Object.fromEntries(entries) }), used);
          expect(after).toBeLessThanOrEqual(before);
        }
      }),
      runs,
    );
  });
});

/** An answer without what the order of the file may change. */
function unordered(policy: JsonObject, call: OracleCall, used: (counter: string) => string) {
  const { kind, shadow, holds, demands } = answerOf(build(policy), factsFor(call), used);
  const sorted = (items: unknown[]): string[] => items.map((item) => JSON.stringify(item)).sort();
  const counters = demands.map((demand) => ({ ...demand, limits: sorted(demand.limits) }));
  return { kind, shadow: sorted(shadow), holds: sorted(holds), demands: sorted(counters) };
}

describe("I7 the same question", { timeout: 60_000 }, () => {
  test("in another order of tools and rules gets the same answer; only the reported rule may differ", () => {
    const shuffled = policyArbitrary.chain((policy) => {
      const tools = toolsOf(policy);
      const other = fc
        .tuple(
          fc.shuffledSubarray(tools, { minLength: tools.length }),
          ...tools.map(([, body]) => {
            const rules = listOf(own(body, "rules"));
            return fc.shuffledSubarray(rules, { minLength: rules.length });
          }),
        )
        .map(([order, ...lists]) => {
          const turned = new Map(tools.map(([name], index) => [name, { rules: lists[index] ?? [] }]));
          return Object.fromEntries(order.map(([name]): [string, Json] => [name, turned.get(name) ?? null]));
        });
      return fc.tuple(fc.constant(policy), other);
    });
    fc.assert(
      fc.property(shuffled, three, usedArbitrary, ([policy, tools], calls, used) => {
        const same = (counter: string): string => used(counter, []);
        for (const call of calls) {
          expect(unordered({ ...policy, tools }, call, same)).toEqual(unordered(policy, call, same));
        }
      }),
      runs,
    );
  });

  test("asked twice gets the same answer, and judging changes nothing in the policy", () => {
    fc.assert(
      fc.property(policyArbitrary, three, usedArbitrary, (policy, calls, used) => {
        const compiled = build(policy);
        const ask = () => calls.map((call) => answerOf(compiled, factsFor(call), used));
        expect(ask()).toEqual(ask());
      }),
      runs,
    );
  });

  test("is explained by the rules that decided: what the trace says of each rule adds up to the answer", () => {
    fc.assert(
      fc.property(policyArbitrary, three, (policy, calls) => {
        const compiled = build(policy);
        for (const call of calls) {
          const { decision, rules } = explain(compiled, factsFor(call));
          const enforced = rules.filter((rule) => !rule.shadow);
          if (rules.length > 0) {
            const { rules: wanted, shadows } = planFor(compiled, call.tool);
            expect(rules.map(({ rule }) => rule)).toEqual([...shadows, ...wanted].map(({ id }) => id));
          }
          const denied = enforced.find(({ outcome }) => outcome.kind === "denied");
          const held = enforced.filter(({ outcome }) => outcome.kind === "held");
          if (decision.kind === "hidden" || (decision.kind === "deny" && decision.reason === "default_deny")) {
            expect(rules).toEqual([]);
            continue;
          }
          expect(decision.kind).toBe(denied ? "deny" : held.length > 0 ? "hold" : "allow");
          if (decision.kind === "deny") expect(decision.rule).toBe(denied?.rule);
          if (decision.kind === "hold")
            expect(decision.holds.map(({ rule }) => rule)).toEqual(held.map(({ rule }) => rule));
          const spoke = rules.filter((rule) => rule.shadow && ["denied", "held"].includes(rule.outcome.kind));
          expect((decision.shadow ?? []).map(({ rule }) => rule)).toEqual(spoke.map(({ rule }) => rule));
          for (const { outcome, when } of rules) expect(outcome.kind === "skipped").toBe(when?.truth === "false");
        }
      }),
      runs,
    );
  });
});
