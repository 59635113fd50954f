import { describe, expect, test } from "vitest";
import { decimalOf } from "@/lib/kernel/decimal";
import { expectSameDocument, parseGood } from "@/lib/testing/same-document";
import { toDocument } from "./from-model";
import type { PolicyModel, RuleNode, ToolNode } from "./model";
import { addRule, emptyCard, renameTool, setToolState } from "./model-edits";
import { toModel } from "./to-model";

const model = (rules: string, rest = ""): PolicyModel => toModel(parseGood(`version: "1"\n${rest}\ntools:\n${rules}`));
const tool = (from: PolicyModel, name: string): ToolNode => {
  const found = from.tools.find((one) => one.name === name);
  if (!found) throw new Error(`no tool ${name}`);
  return found;
};
const nodes = (rules: string): readonly RuleNode[] => tool(model(rules), "a").rules;

test("the four states", () => {
  const states = model(
    `
  free: {rules: []}
  blocked: {rules: [{name: x, action: deny, on_deny: no way}]}
  gone: {rules: []}
  limited: {rules: [{name: x, rate_limit: 5/day}]}
  sometimes: {rules: [{name: x, action: deny, when: [{path: args.a, op: eq, value: 1}]}]}
  shadowed: {rules: [{name: x, action: deny, mode: shadow}]}
  twice: {rules: [{name: x, action: deny}, {name: y, action: deny}]}
`,
    'hide: [gone, "drop_*"]',
  ).tools.map(({ name, state, listed }) => [name, state, listed]);
  expect(states).toEqual([
    ["free", "allow", true],
    ["blocked", "deny", true],
    ["gone", "hide", true],
    ["limited", "custom", true],
    ["sometimes", "custom", true],
    ["shadowed", "custom", true],
    ["twice", "custom", true],
    ["drop_*", "hide", false],
  ]);
});

test("the six kinds of cards, with ids by name", () => {
  const rules = nodes(`
  a:
    rules:
      - {name: r, conditions: [{path: args.a, op: eq, value: 1}]}
      - {name: d/e, action: deny, when: [{path: args.a, op: eq, value: 2}]}
      - {name: h, action: require_approval, approval: {quorum: 2}}
      - {name: l, rate_limit: 5/day}
      - {name: c, limit: {sum: args.a, max: 7.5, window: week, per: org, by: [args.cur]}, on_tool_error: post}
      - {name: s, conditions: [{path: args.b, op: exists, value: true}, {path: state.a.n, op: lt, value: 3}], state: {counter: n, window: hour}}
`);
  expect(rules.map((rule) => [rule.kind, rule.id])).toEqual([
    ["require", "/tools/a/rules/r"],
    ["deny_if", "/tools/a/rules/d~1e"],
    ["hold_if", "/tools/a/rules/h"],
    ["limit_calls", "/tools/a/rules/l"],
    ["cap_sum", "/tools/a/rules/c"],
    ["counter", "/tools/a/rules/s"],
  ]);
  expect(rules[4]).toMatchObject({
    limit: { form: "limit", sum: "args.a", window: "week", per: "org", by: ["args.cur"], onToolError: "post" },
  });
  expect(rules[5]).toMatchObject({
    at: "/tools/a/rules/5",
    conditions: [{ kind: "leaf", path: "args.b", at: "/tools/a/rules/5/conditions/0" }],
    limit: { counter: "n", bounds: [{ max: decimalOf(3), inclusive: false, at: "/tools/a/rules/5/conditions/1" }] },
  });
});

describe("what no card can say is locked, whole", () => {
  test("groups to depth 2 are drawn, deeper ones are not", () => {
    const leaf = "{path: args.a, op: eq, value: 1}";
    const rules = nodes(`
  a:
    rules:
      - {name: flat, when: [${leaf}, ${leaf.replace("1", "2")}], action: deny}
      - {name: two, when: [{any: [{not: ${leaf}}, ${leaf}]}], action: deny}
      - {name: three, when: [{any: [{all: [{not: ${leaf}}]}]}], action: deny}
`);
    expect(rules.map((rule) => (rule.kind === "locked" ? rule.reason : rule.kind))).toEqual([
      "deny_if",
      "deny_if",
      "nested",
    ]);
    expect(rules[2]).toMatchObject({
      text: "name: three\naction: deny\nwhen:\n  - any:\n      - all:\n          - { not: { path: args.a, op: eq, value: 1 } }",
    });
  });

  test("a counter that several rules or tools limit locks all of them, rates of one window do not share", () => {
    const rules = model(`
  a:
    rules:
      - {name: own, conditions: [{path: state.a.n, op: lte, value: 3}], state: {counter: n, window: hour}}
      - {name: apart, conditions: [{path: state.a.m, op: lte, value: 3}], state: {counter: m, window: hour}}
      - {name: rate, rate_limit: 5/day}
      - {name: other rate, rate_limit: 9/day}
  b:
    rules:
      - {name: reads, conditions: [{path: state.a.n, op: lte, value: 2}]}
`);
    expect(tool(rules, "a").rules.map((rule) => rule.kind)).toEqual([
      "locked",
      "counter",
      "limit_calls",
      "limit_calls",
    ]);
    expect(tool(rules, "b").rules[0]).toMatchObject({ kind: "locked", reason: "shared_counter" });
  });

  test("methods and tests are kept", () => {
    const { locked } = model(
      "  a: {rules: []}",
      "methods: {x/y: deny}\ntests: [{name: t, call: {tool: a}, expect: allow}]",
    );
    expect(locked.methods).toEqual([{ pattern: "x/y", action: "deny" }]);
    expect(locked.tests).toHaveLength(1);
  });
});

test("renaming a tool renames every reference to its counters, in locked rules too", () => {
  const before = model(`
  a: {rules: [{name: own, conditions: [{path: state.a.n, op: lte, value: 3}], state: {counter: n, window: hour}}]}
  b: {rules: [{name: reads, conditions: [{path: state.a.n, op: lte, value: 2}]}]}
`);
  const scopes = toDocument(renameTool(before, "a", "c")).tools.flatMap((block) =>
    block.rules.flatMap((rule) => rule.bounds),
  );
  expect(scopes.map((bound) => bound.tool)).toEqual(["c", "c"]);
});

test("a state replaces what stood there; Custom shows a hidden tool again", () => {
  const before = model("  a: {rules: [{name: x, rate_limit: 5/day}]}");
  const denied = setToolState(before, "a", "deny");
  expect(tool(denied, "a")).toMatchObject({ state: "deny", rules: [{ kind: "deny_if", name: "denied" }] });
  const hidden = setToolState(denied, "a", "hide");
  expect(hidden.hide).toEqual(["a"]);
  expect(tool(hidden, "a")).toMatchObject({ state: "hide", listed: false, rules: [] });
  expect(tool(setToolState(hidden, "a", "custom"), "a")).toMatchObject({ state: "allow", listed: true });
  expect(tool(setToolState(before, "new", "allow"), "new")).toMatchObject({ state: "allow", listed: true });
  expectSameDocument(toDocument(setToolState(before, "a", "custom")), toDocument(before));
});

test("a row typed as a bound on a counter is one, and a path that is none stays as typed", () => {
  const row = { kind: "leaf", at: "", op: "lte", value: decimalOf(5), ifAbsent: "restrict" } as const;
  const card = {
    ...emptyCard("a", "x"),
    conditions: [
      { ...row, path: "state.a.n" },
      { ...row, path: "amount" },
    ],
  };
  const document = toDocument(addRule(model("  a: {rules: []}"), "a", card));
  expect(document.tools[0]?.rules[0]).toMatchObject({
    bounds: [{ tool: "a", counter: "n", max: decimalOf(5), inclusive: true }],
    conditions: { kind: "leaf", path: { text: "amount" } },
  });
});
