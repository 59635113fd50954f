import { describe, expect, test } from "vitest";
import { decimalOf, toText } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import { compilePolicy, planFor } from "./compile";
import type { CompiledPolicy } from "./compile";
import { evaluate, findMethodAction, isHidden } from "./evaluate";
import { explain } from "./explain";
import { parsePolicy } from "./parse";
import { simulate } from "./simulate";
import { factsOf } from "./facts";
import type { Facts } from "./types";

const digest = (text: string): string => text;

function compile(text: string): CompiledPolicy {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return compilePolicy(parsed.document, { digest });
}

function facts(tool: string, args: Record<string, Value>): Facts {
  return factsOf({ tool, args: new Map(Object.entries(args)) });
}

const cap = `
version: "1"
default: deny
tools:
  pay:
    rules:
      - name: cap
        conditions:
          - { path: args.amount, op: lte, value: 50 }
          - { path: state.pay.spent, op: lte, value: 100 }
        state: { counter: spent, window: day, increment_from: args.amount }
      - name: rate
        rate_limit: 5/minute
`;

describe("the hash", () => {
  test("stays the same when only comments, layout, quoting or spelling of numbers change", () => {
    const other = `# a comment\n{"version": '1', default: deny, tools: {pay: {rules: [{name: "cap", conditions: [{op: lte, path: args.amount, value: 5.0e1},
      {path: state.pay.spent, op: lte, value: 100.00}], state: {counter: spent, increment_from: args.amount, window: day}}, {name: rate, rate_limit: "5/minute"}]}}}`;
    expect(compile(other).hash).toBe(compile(cap).hash);
    expect(compile(cap).hash).toBe(compile(cap).hash);
  });

  test.each([
    ["a number", "value: 50", "value: 51"],
    ["a number turned into a text", "op: lte, value: 50", 'op: eq, value: "50"'],
    ["a name", "name: rate", "name: rates"],
    ["a window", "window: day", "window: hour"],
    ["the default", "default: deny", "default: allow"],
    ["a bound's edge", "spent, op: lte", "spent, op: lt"],
  ])("changes with %s", (_, from, to) => {
    expect(compile(cap.replace(from, to)).hash).not.toBe(compile(cap).hash);
  });
});

describe("the compiled policy", () => {
  test("is frozen all the way down and never altered by judging calls", () => {
    const compiled = compile(cap);
    const frozen = (value: unknown): boolean =>
      typeof value !== "object" ||
      value === null ||
      value instanceof Map ||
      value instanceof Set ||
      (Object.isFrozen(value) && Object.values(value).every(frozen));
    expect(frozen(compiled)).toBe(true);
    expect([...compiled.plans.values()].every(frozen)).toBe(true);
    const before = compiled.plans.size;
    for (let index = 0; index < 100; index++) evaluate(compiled, facts(`new_${index}`, {}));
    expect(compiled.plans.size).toBe(before);
  });

  test("a document that was never checked is refused, not half enforced", () => {
    const parsed = parsePolicy(cap);
    if (!parsed.ok) throw new Error("bad");
    const [pay] = parsed.document.tools;
    if (!pay) throw new Error("bad");
    const broken = {
      ...parsed.document,
      tools: [{ ...pay, rules: pay.rules.map((rule) => ({ ...rule, counting: null })) }],
    };
    expect(() => compilePolicy(broken, { digest })).toThrow();
  });

  test("a call that is allowed demands its counters, in file order, with all their limits", () => {
    const decision = evaluate(compile(cap), facts("pay", { amount: decimalOf(7) }));
    if (decision.kind !== "allow") throw new Error(decision.kind);
    expect(
      decision.counters.map((demand) => [demand.counter, demand.meaning, demand.window, toText(demand.amount)]),
    ).toEqual([
      ["pay.spent", "sum args.amount per day", "day", "7"],
      ["pay._rate_minute", "1 per minute", "minute", "1"],
    ]);
    expect(decision.counters[0]?.limits).toEqual([
      { rule: "/tools/pay/rules/cap", max: decimalOf(100), inclusive: true, message: null, shadow: false },
    ]);
  });

  test("money is held when its outcome is unknown, counts are released, and the policy can say otherwise", () => {
    const settlement = (text: string) => {
      const decision = evaluate(compile(text), facts("pay", { amount: decimalOf(1) }));
      return decision.kind === "allow" ? decision.counters.map((demand) => [demand.onUnknown, demand.onToolError]) : [];
    };
    expect(settlement(cap)).toEqual([
      ["hold", "void"],
      ["release", "void"],
    ]);
    const said = cap.replace(
      "increment_from: args.amount }",
      "increment_from: args.amount }\n        on_unknown: release\n        on_tool_error: post",
    );
    expect(settlement(`${said}        on_unknown: hold\n`)).toEqual([
      ["release", "post"],
      ["hold", "void"],
    ]);
  });

  test("of two rates on one counter the stricter settlement holds", () => {
    const two = `${cap}      - name: other rate\n        rate_limit: 9/minute\n        on_unknown: hold\n        on_tool_error: post\n`;
    const decision = evaluate(compile(two), facts("pay", { amount: decimalOf(1) }));
    const rate = decision.kind === "allow" ? decision.counters[1] : undefined;
    expect(rate).toMatchObject({ counter: "pay._rate_minute", onUnknown: "hold", onToolError: "post" });
    expect(rate?.limits.map((limit) => toText(limit.max))).toEqual(["5", "9"]);
  });

  test("five hundred tools and a thousand values are as quick to reach as one", () => {
    const values = Array.from({ length: 1000 }, (_, index) => `v${index}`).join(", ");
    const tools = Array.from(
      { length: 500 },
      (_, index) =>
        `  tool_${index}:\n    rules: [{ name: a, conditions: [{ path: args.x, op: in, value: [v1, v2] }] }]\n`,
    );
    const compiled = compile(
      `version: "1"\ndefault: deny\ntools:\n${tools.join("")}  big:\n    rules: [{ name: a, conditions: [{ path: args.x, op: in, value: [${values}] }] }]\n`,
    );
    expect(planFor(compiled, "tool_499").rules.length).toBe(1);
    expect(evaluate(compiled, facts("big", { x: "v999" })).kind).toBe("allow");
    expect(evaluate(compiled, facts("big", { x: "v1000" })).kind).toBe("deny");
  });
});

describe("explain", () => {
  test("shows every rule and condition with actual values, also behind the first denial", () => {
    const text = `
version: "1"
default: deny
tools:
  pay:
    rules:
      - name: cap
        conditions: [{ path: args.amount, op: lte, value: 50 }]
      - name: no prod
        action: deny
        when:
          - any:
              - { path: args.env, op: eq, value: prod }
              - not: { path: args.safe, op: eq, value: true }
      - name: gifts
        when: [{ path: args.kind, op: eq, value: gift }]
        conditions: [{ path: "args.items[*]", op: lt, value: 3 }]
`;
    const call = facts("pay", {
      amount: decimalOf(60),
      safe: "yes",
      kind: "gift",
      items: [decimalOf(1), decimalOf(5)],
    });
    const { decision, rules } = explain(compile(text), call);
    expect(decision).toMatchObject({ kind: "deny", rule: "/tools/pay/rules/cap" });
    expect(rules).toMatchObject([
      {
        name: "cap",
        outcome: { kind: "denied", reason: "rule" },
        when: null,
        conditions: { kind: "leaf", path: "args.amount", actual: decimalOf(60), truth: "false" },
      },
      {
        name: "no prod",
        outcome: { kind: "denied", reason: "absent" },
        when: {
          kind: "any",
          truth: "unknown",
          why: "absent",
          items: [
            { path: "args.env", actual: undefined, truth: "unknown", why: "absent" },
            { kind: "not", truth: "unknown", why: "type", items: [{ path: "args.safe", actual: "yes", why: "type" }] },
          ],
        },
      },
      {
        name: "gifts",
        outcome: { kind: "denied", reason: "rule" },
        when: { truth: "true" },
        conditions: { actual: [decimalOf(1), decimalOf(5)], truth: "false" },
      },
    ]);
  });

  test("shows simple requirements too when the call meets them all", () => {
    const { decision, rules } = explain(compile(cap), facts("pay", { amount: decimalOf(7) }));
    expect(decision.kind).toBe("allow");
    expect(rules).toMatchObject([
      { name: "cap", outcome: { kind: "passed" }, conditions: { path: "args.amount", truth: "true" } },
      { name: "rate", outcome: { kind: "passed" }, when: null, conditions: null },
    ]);
  });

  test("a rule that its guard rules out is skipped, and nothing is judged behind hide or default", () => {
    const compiled = compile(
      'version: "1"\nhide: [gone]\ntools:\n  t:\n    rules: [{ name: a, action: deny, when: [{ path: args.x, op: eq, value: 1 }] }]\n',
    );
    expect(explain(compiled, facts("t", { x: decimalOf(2) })).rules).toMatchObject([{ outcome: { kind: "skipped" } }]);
    expect(explain(compiled, facts("gone", {}))).toEqual({ decision: { kind: "hidden", rule: "(hidden)" }, rules: [] });
    expect(explain(compiled, facts("other", {})).rules).toEqual([]);
  });
});

describe("W3 every operator with every wrong type", () => {
  const operators: [string, string][] = [
    ["eq", "50000"],
    ["neq", "50000"],
    ["in", "[50000, 60000]"],
    ["not_in", "[50000, 60000]"],
    ["lt", "50000"],
    ["lte", "50000"],
    ["gt", "50000"],
    ["gte", "50000"],
    ["regex", '"^5"'],
    ["contains", '"5"'],
    ["not_contains", '"5"'],
    ["starts_with", '"5"'],
    ["ends_with", '"0"'],
    ["glob", '"5*"'],
  ];
  const wrong = (op: string): [string, Value][] => {
    const values: [string, Value][] = [
      ["true", true],
      ["false", false],
      ["null", null],
      ["an object", new Map()],
      ["an object with the value", new Map([["value", decimalOf(50000)]])],
    ];
    const isText = ["regex", "contains", "not_contains", "starts_with", "ends_with", "glob"].includes(op);
    if (isText)
      values.push(["a number", decimalOf(50000)], ["a negative number", decimalOf(-1)], ["a fraction", decimalOf(0)]);
    else
      values.push(
        ["a text", "50000"],
        ["an empty text", ""],
        ["scientific text", "5e4"],
        ["a text with spaces", " 50000 "],
      );
    if (!op.includes("contains")) values.push(["a list with the value", [decimalOf(50000)]], ["an empty list", []]);
    return values;
  };
  test.each(operators)("%s %s denies with reason type, and a missing argument with absent", (op, value) => {
    const compiled = compile(
      `version: "1"\ndefault: deny\ntools:\n  t:\n    rules: [{ name: a, conditions: [{ path: args.x, op: ${op}, value: ${value} }] }]\n`,
    );
    const flipped = compile(
      `version: "1"\ndefault: deny\ntools:\n  t:\n    rules: [{ name: a, action: deny, when: [{ path: args.x, op: ${op}, value: ${value} }] }]\n`,
    );
    for (const [name, actual] of wrong(op)) {
      expect([name, evaluate(compiled, facts("t", { x: actual }))]).toMatchObject([
        name,
        { kind: "deny", reason: "type" },
      ]);
      expect([name, evaluate(flipped, facts("t", { x: actual }))]).toMatchObject([
        name,
        { kind: "deny", reason: "type" },
      ]);
    }
    expect(evaluate(compiled, facts("t", {}))).toMatchObject({ kind: "deny", reason: "absent" });
    expect(evaluate(flipped, facts("t", {}))).toMatchObject({ kind: "deny", reason: "absent" });
  });
});

test("W13 a text too long for a pattern is in doubt, and a hostile one costs no time", () => {
  const compiled = compile(
    'version: "1"\ndefault: deny\ntools:\n  t:\n    rules: [{ name: a, action: deny, when: [{ path: args.x, op: regex, value: "(a+)+$" }] }]\n',
  );
  expect(evaluate(compiled, facts("t", { x: `${"a".repeat(50_000)}!` })).kind).toBe("allow");
  expect(evaluate(compiled, facts("t", { x: "!".repeat(1_048_576) }))).toMatchObject({ kind: "deny", reason: "type" });
});

test("isHidden knows names, globs and everything", () => {
  const compiled = compile('version: "1"\nhide: [delete_customer, "drop_*"]\ndefault: allow\n');
  expect(["delete_customer", "drop_table", "drop_"].every((name) => isHidden(compiled, name))).toBe(true);
  expect(
    ["Delete_customer", "delete_customer ", "xdrop_", "constructor", "__proto__"].some((name) =>
      isHidden(compiled, name),
    ),
  ).toBe(false);
  expect(isHidden(compile('version: "1"\nhide: ["*"]\n'), "anything")).toBe(true);
});

test("methods: the exact name wins, then any glob that denies", () => {
  const text =
    'version: "1"\ndefault: allow\nmethods: { "resources/*": deny, "resources/read": allow, "vendor/*": allow, "vendor/x*": deny }\n';
  const compiled = compile(text);
  const names = ["resources/read", "resources/list", "vendor/a", "vendor/xy", "prompts/get", "constructor"];
  expect(names.map((name) => findMethodAction(compiled, name))).toEqual(["allow", "deny", "allow", "deny", null, null]);
});

test("simulate gives the default text of a limit with the end of its window", () => {
  const compiled = compile(cap);
  const call = facts("pay", { amount: decimalOf(1) });
  expect(simulate(compiled, call).verdict).toEqual({ kind: "allow" });
  const full = simulate(compiled, call, ({ counter }) => (counter === "pay.spent" ? decimalOf(100) : undefined));
  expect(full.verdict).toEqual({
    kind: "rate_limited",
    rule: "/tools/pay/rules/cap",
    reason: "limit",
    message: "Limit of 100 per day reached; resets at 2026-01-02T00:00:00.000Z",
  });
});
