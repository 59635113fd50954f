import { describe, expect, test } from "vitest";
import { decimalOf, toText, zero } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import { compilePolicy, planFor } from "./compile";
import type { CompiledPolicy, Plan } from "./compiled";
import { evaluate, findMethodAction, isHidden } from "./evaluate";
import { explain } from "./explain";
import { factsOf } from "./facts";
import { parsePolicy } from "./parse";
import { resolve } from "./resolve";
import type { CounterDemand, Decision, Facts } from "./types";

function compile(tools: string, head = "default: deny"): CompiledPolicy {
  const parsed = parsePolicy(`version: "1"\n${head}\ntools: ${tools}`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return compilePolicy(parsed.document, { digest: (text) => text });
}

const pay = (...rules: readonly string[]): CompiledPolicy => compile(`{ pay: { rules: [${rules.join(", ")}] } }`);
const planOf = (...rules: readonly string[]): Plan => planFor(pay(...rules), "pay");
const facts = (args: Record<string, Value> = {}): Facts =>
  factsOf({ tool: "pay", args: new Map(Object.entries(args)) });
const countersOf = (decision: Decision): readonly CounterDemand[] =>
  decision.kind === "allow" || decision.kind === "hold" ? decision.counters : [];
const guard = "when: [{ path: args.big, op: exists, value: true }]";

describe("what is the same for every call is made ready", () => {
  test("counters of calls without guard, sum or split are one demand, and the whole answer with them", () => {
    const plan = planOf("{ name: a, rate_limit: 5/day }", "{ name: b, rate_limit: 7/hour }");
    expect(plan.counters.map(({ steady }) => steady?.counter)).toEqual(["pay._rate_day", "pay._rate_hour"]);
    expect(plan.steady).toEqual({ kind: "allow", counters: plan.counters.map(({ steady }) => steady), shadow: null });
    expect(planOf().steady).toEqual({ kind: "allow", counters: [], shadow: null });
  });

  test.each([
    ["a guard", `{ name: a, ${guard}, rate_limit: 5/day }`],
    ["a sum", "{ name: a, limit: { sum: args.a, max: 5, window: day } }"],
    ["a split", "{ name: a, limit: { max: 5, window: day, by: [args.a] } }"],
  ])("%s depends on the call", (_, rule) => {
    const plan = planOf(rule, "{ name: z, rate_limit: 7/hour }");
    expect([plan.counters[0]?.steady, plan.steady]).toEqual([null, null]);
    expect(plan.counters[1]?.steady?.counter).toBe("pay._rate_hour");
  });

  test("limits are ready where none of them has a guard", () => {
    const counting = "{ name: n, state: { counter: n, window: day } }";
    const bound = (name: string, more = ""): string =>
      `{ name: ${name}, ${more} conditions: [{ path: state.pay.n, op: lte, value: 5 }] }`;
    const [open] = planOf(counting, bound("a"), bound("b")).counters;
    expect(open?.open?.map(({ rule }) => rule)).toEqual(["/tools/pay/rules/a", "/tools/pay/rules/b"]);
    const [mixed] = planOf(counting, bound("a"), bound("b", `${guard},`)).counters;
    expect([mixed?.open, mixed?.steady, mixed?.limits.length]).toEqual([null, null, 2]);
  });

  test("the same answer is given for the same plan, not one made anew", () => {
    const compiled = pay("{ name: a, rate_limit: 5/day }");
    expect(evaluate(compiled, facts())).toBe(evaluate(compiled, facts()));
  });

  test("a plan that globs make is remembered, a thousand names at most", () => {
    const compiled = compile('{ "a_*": { rules: [{ name: no, action: deny }] }, "b_*": { rules: [] } }');
    expect(planFor(compiled, "a_0")).toBe(planFor(compiled, "a_0"));
    expect(planFor(compiled, "a_0").rules.map(({ id }) => id)).toEqual(["/tools/a_*/rules/no"]);
    for (let index = 1; index < 1000; index++) planFor(compiled, `a_${index}`);
    expect(compiled.met.size).toBe(1000);
    planFor(compiled, "a_1000");
    expect(compiled.met.size).toBe(1);
    expect(planFor(compiled, "c")).toBe(compiled.unlisted);
    expect(compiled.met.has("c")).toBe(false);
  });

  test("a name in the file meets the globs that match it and no other", () => {
    const compiled = compile(
      '{ "p*": { rules: [{ name: p, action: deny, mode: shadow }] }, "g*": { rules: [{ name: g, action: deny, mode: shadow }] }, pay: { rules: [] } }',
    );
    expect(planFor(compiled, "pay").shadows.map(({ name }) => name)).toEqual(["p"]);
    expect([...compiled.plans.keys()]).toEqual(["pay"]);
  });
});

describe("two rules that count the same counter", () => {
  const rate = (name: string, more = ""): string => `{ name: ${name}, rate_limit: 5/day, ${more} }`;
  const settled = (...rules: readonly string[]): unknown => {
    const [counter] = planOf(...rules).counters;
    return counter && [counter.onUnknown, counter.onToolError, counter.source?.shadow, counter.limits.length];
  };
  test("are settled by the stricter word", () => {
    expect(settled(rate("a"), rate("b"))).toEqual(["release", "void", false, 2]);
    expect(settled(rate("a", "on_unknown: hold"), rate("b", "on_tool_error: post"))).toEqual([
      "hold",
      "post",
      false,
      2,
    ]);
    expect(settled(rate("a", "on_tool_error: post"), rate("b", "on_unknown: hold"))).toEqual([
      "hold",
      "post",
      false,
      2,
    ]);
  });
  test("of which one is in shadow, are settled by the other", () => {
    const strict = "mode: shadow, on_unknown: hold, on_tool_error: post";
    expect(settled(rate("a", strict), rate("b"))).toEqual(["release", "void", false, 2]);
    expect(settled(rate("a"), rate("b", strict))).toEqual(["release", "void", false, 2]);
    expect(settled(rate("a", "mode: shadow"), rate("b", strict))).toEqual(["hold", "post", true, 2]);
    expect(settled(rate("a", strict), rate("b", "mode: shadow"))).toEqual(["hold", "post", true, 2]);
  });
});

describe("a tool that only reads the counter of another", () => {
  const compiled = compile(
    "{ pay: { rules: [{ name: n, state: { counter: n, window: day, per: org }, on_unknown: hold, on_tool_error: post }] }, get: { rules: [{ name: see, conditions: [{ path: state.pay.n, op: lte, value: 5 }] }] } }",
  );
  test("demands nothing but room", () => {
    const [demand] = countersOf(evaluate(compiled, factsOf({ tool: "get" })));
    expect(demand).toMatchObject({
      counter: "pay.n",
      meaning: "1 per day",
      window: "day",
      per: "org",
      by: [],
      amount: zero,
    });
    expect(demand).toMatchObject({
      onUnknown: "release",
      onToolError: "void",
      limits: [{ rule: "/tools/get/rules/see" }],
    });
  });
  test("a document in which nothing counts it is refused, with the rule", () => {
    const parsed = parsePolicy(
      'version: "1"\ndefault: deny\ntools: { pay: { rules: [{ name: n, state: { counter: n, window: day } }, { name: b, conditions: [{ path: state.pay.n, op: lte, value: 5 }] }] } }',
    );
    if (!parsed.ok) throw new Error("bad");
    const tools = parsed.document.tools.map((block) => ({
      ...block,
      rules: block.rules.filter(({ name }) => name === "b"),
    }));
    expect(() => compilePolicy({ ...parsed.document, tools }, { digest: (text) => text })).toThrow(
      expect.objectContaining({
        code: "internal",
        detail: "/tools/pay/rules/b limits a counter that no rule has",
      }) as Error,
    );
  });
});

describe("a rule that speaks", () => {
  const asks = "{ name: ask, action: require_approval }";
  test("is explained by what it does: denied, held, passed or skipped", () => {
    const rules = [
      "{ name: no, action: deny }",
      asks,
      `{ name: skip, ${guard}, action: deny }`,
      "{ name: rate, rate_limit: 5/day }",
    ];
    expect(explain(pay(...rules), facts()).rules.map(({ name, outcome }) => [name, outcome])).toEqual([
      ["no", { kind: "denied", reason: "rule" }],
      ["ask", { kind: "held", reason: "rule" }],
      ["skip", { kind: "skipped" }],
      ["rate", { kind: "passed" }],
    ]);
  });

  test("holds with the reason of its guard, and says what nobody approved", () => {
    const held = (op: string): unknown => {
      const compiled = pay(`{ name: ask, action: require_approval, when: [{ path: args.a, op: ${op} }] }`);
      const decision = evaluate(compiled, facts({ a: "x" }));
      return (
        decision.kind === "hold" && [decision.reason, decision.holds.map(({ reason, message }) => [reason, message])]
      );
    };
    const message = 'Denied by rule "ask"';
    expect(held("eq, value: x")).toEqual(["rule", [["rule", message]]]);
    expect(held("eq, value: 5")).toEqual(["type", [["type", message]]]);
  });

  test("denies what cannot split a counter with its own words", () => {
    const split = pay("{ name: r, limit: { max: 5, window: day, by: [args.a, args.b] } }");
    const message = 'Denied by rule "r": args.a and args.b must be a text, a number or a boolean';
    expect(evaluate(split, facts({ a: "x" }))).toMatchObject({ kind: "deny", reason: "absent", message });
    expect(evaluate(split, facts({ a: "x", b: [] }))).toMatchObject({ kind: "deny", reason: "type", message });
    const sum = pay("{ name: r, limit: { sum: args.a, max: 5, window: day } }");
    expect(evaluate(sum, facts({ a: "x" }))).toMatchObject({
      ...{ kind: "deny", reason: "amount", message: 'Denied by rule "r": args.a must be a number of 0 or more' },
    });
  });

  test("counts only what its guard picks out", () => {
    const compiled = pay(`{ name: a, ${guard}, limit: { sum: args.a, max: 5, window: day } }`);
    const amounts = (args: Record<string, Value>): string[] =>
      countersOf(evaluate(compiled, facts(args))).map(({ amount, limits }) => `${toText(amount)} ${limits.length}`);
    expect(amounts({ a: decimalOf(3) })).toEqual([]);
    expect(amounts({ a: decimalOf(3), big: true })).toEqual(["3 1"]);
  });
});

describe("names that are hidden and methods", () => {
  test("are matched by name, by any of the globs, or all at once", () => {
    const compiled = compile("{}", 'default: deny\nhide: ["a*", "b*", exact]');
    expect(["a1", "b1", "exact", "c", "exact1"].map((name) => isHidden(compiled, name))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(compiled.hidden).toEqual({ all: false, names: new Set(["exact"]), globs: ["a*", "b*"] });
    expect(compile("{}", 'default: deny\nhide: ["*"]').hidden.all).toBe(true);
  });
  test("the exact method is asked first, then any glob that denies", () => {
    const compiled = compile("{}", 'default: deny\nmethods: { "a/*": allow, "a/b*": deny, "a/bc": allow }');
    expect(["a/x", "a/b", "a/bc", "x"].map((method) => findMethodAction(compiled, method))).toEqual([
      "allow",
      "deny",
      "allow",
      null,
    ]);
  });
});

describe("facts that are not there", () => {
  const path = (root: "grant" | "server" | "tool" | "time" | "client" | "state", ...keys: readonly string[]) => ({
    ...{ text: "", root, steps: keys.map((key) => ({ kind: "key", key }) as const) },
  });
  test("are absent, never another fact", () => {
    expect(resolve(path("state", "pay", "n"), facts())).toBeUndefined();
    expect(resolve(path("tool", "annotations"), facts())).toBeUndefined();
    expect(resolve(path("tool"), facts())).toBeUndefined();
    expect(resolve(path("client", "name"), facts())).toBeUndefined();
    expect(resolve(path("time", "year"), facts())).toBeUndefined();
    expect(resolve(path("tool", "name"), facts())).toBe("pay");
  });
  test("nothing below an argument that is missing, and nothing below a list by a key", () => {
    const below = (args: Record<string, Value>, ...steps: readonly string[]): Value | undefined =>
      resolve({ text: "", root: "args", steps: steps.map((key) => ({ kind: "key", key })) }, facts(args));
    expect(below({}, "a", "b", "c")).toBeUndefined();
    expect(below({ a: ["x"] }, "a", "0")).toBeUndefined();
    expect(below({ a: new Map([["b", "x"]]) }, "a", "b")).toBe("x");
  });
});

describe("every element of a list", () => {
  const each = (op: string, more = ""): CompiledPolicy =>
    pay(`{ name: a, action: deny, when: [{ path: "args.l[*].x", op: ${op}, ${more} }] }`);
  const item = (x?: Value): Value => new Map<string, Value>(x === undefined ? [] : [["x", x]]);
  const reason = (compiled: CompiledPolicy, ...items: readonly Value[]): string => {
    const decision = evaluate(compiled, facts({ l: items }));
    return decision.kind === "deny" ? decision.reason : decision.kind;
  };
  test("a wrong type is not excused by an absent element before or behind it", () => {
    const skip = each("eq", "value: a, if_absent: skip");
    expect(reason(skip, item(), item(decimalOf(1)))).toBe("type");
    expect(reason(skip, item(decimalOf(1)), item())).toBe("type");
    expect(reason(skip, item(), item("a"))).toBe("allow");
    expect(reason(skip, item("a"), item("a"))).toBe("rule");
    expect(reason(skip, item("b"), item(decimalOf(1)))).toBe("allow");
    const plain = each("eq", "value: a");
    expect(reason(plain, item(), item(decimalOf(1)))).toBe("absent");
    expect(reason(plain, item(decimalOf(1)), item())).toBe("type");
  });
  test("the explanation shows all elements that are there", () => {
    const { rules } = explain(each("eq", "value: a"), facts({ l: [item("a"), item(), item("b")] }));
    expect(rules[0]?.when).toMatchObject({ kind: "leaf", actual: ["a", "b"], truth: "false" });
  });
  test("with a look-alike key nobody can say that an element lacks it", () => {
    const skip = each("eq", "value: a, if_absent: skip");
    expect(reason(skip, new Map([["X", "a"]]))).toBe("absent");
    expect(reason(each("exists", "value: false"), new Map([["X", "a"]]))).toBe("absent");
    expect(reason(each("exists", "value: false"), item())).toBe("rule");
    expect(reason(each("exists", "value: true"), item("a"))).toBe("rule");
  });
  test("without a recorder a group stops at what decides, with one every part is judged", () => {
    const compiled = pay(
      "{ name: a, conditions: [{ path: args.a, op: eq, value: 1 }, { path: args.b, op: eq, value: 2 }] }",
    );
    const { rules } = explain(compiled, facts({ a: decimalOf(3), b: decimalOf(2) }));
    const group = rules[0]?.conditions;
    expect(group?.kind === "all" && group.items.map(({ truth }) => truth)).toEqual(["false", "true"]);
  });
});
