import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { decimalOf } from "@/lib/kernel/decimal";
import { readJson } from "@/lib/kernel/json";
import type { ValueObject } from "@/lib/kernel/value";
import { parseGood } from "@/lib/testing/same-document";
import { checkPolicy } from "./check";
import { compilePolicy } from "./compile";
import { importHosted } from "./import-hosted";
import { simulate } from "./simulate";

function good(text: string): { text: string; notes: readonly string[] } {
  const result = importHosted(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

function problems(
  text: string,
): { code: string; line: number; column: number; message: string; hint: string | undefined }[] {
  const result = importHosted(text);
  return result.ok
    ? []
    : result.problems.map(({ code, line, column, message, hint }) => ({ code, line, column, message, hint }));
}

const hosted = `{
	"default": "deny",
	"hide": ["delete_customer", "drop_*"],
	"all_tools": {"limits": [{"counter": "all_calls", "window": "minute", "max": 60, "scope": "grant"}]},
	"tools": {
		"list_customers": {},
		"create_charge": {
			"require": [
				{"path": "args.amount", "op": "lte", "value": 9007199254740993, "on_deny": "Too much"},
				{"conditions": [
					{"path": "args.currency", "op": "in", "value": ["usd", "eur", "gbp", "chf", "jpy"]},
					{"any": [{"path": "args.a", "op": "eq", "value": "yes"}, {"path": "args.b", "op": "exists", "value": true}]}
				]}
			],
			"deny_if": [
				{"path": "args.env", "op": "eq", "value": "prod"},
				{"name": "no test cards", "conditions": [{"path": "args.card", "op": "starts_with", "value": "4242"}]}
			],
			"limits": [
				{"counter": "daily_spend", "window": "day", "max": 1000000, "scope": "organization", "increment_from": "args.amount", "on_deny": "Cap reached"},
				{"window": "hour", "max": 5, "path": "args.env", "op": "eq", "value": "prod"},
				{"window": "hour", "max": 7, "sum": "amount"}
			]
		}
	}
}`;

test("every part of the hosted shape becomes this language, exactly", () => {
  const { text, notes } = good(hosted);
  expect(text).toBe(`version: "1"
default: deny
hide: [delete_customer, "drop_*"]

tools:
  list_customers:
    rules: []

  create_charge:
    rules:
      - name: amount is at most 9007199254740993
        conditions:
          - { path: args.amount, op: lte, value: 9007199254740993 }
        on_deny: Too much
      - name: "currency is one of usd, eur, gbp and 2 more and 1 more"
        conditions:
          - { path: args.currency, op: in, value: [usd, eur, gbp, chf, jpy] }
          - any:
              - { path: args.a, op: eq, value: "yes" }
              - { path: args.b, op: exists, value: true }
      - name: deny if env is prod
        action: deny
        when:
          - { path: args.env, op: eq, value: prod }
      - name: no test cards
        action: deny
        when:
          - { path: args.card, op: starts_with, value: "4242" }
      - name: daily spend
        on_deny: Cap reached
        limit: { sum: args.amount, max: 1000000, window: day, per: org }
      - name: calls per hour
        when:
          - { path: args.env, op: eq, value: prod }
        limit: { max: 5, window: hour }
      - name: sum of amount per hour
        limit: { sum: args.amount, max: 7, window: hour }

  "*":
    rules:
      - name: all calls
        limit: { max: 60, window: minute }
`);
  expect(notes).toEqual([
    'Limit "all calls" of every tool counts calls, because it names nothing to sum.',
    '`all_tools` became the rules of `"*"`.',
    "`list_customers` has no rules: every call is allowed.",
    "Scope `organization` is `per: org` here.",
    "Limits without a `scope` are counted per grant.",
    'Limit "calls per hour" of `create_charge` counts calls, because it names nothing to sum.',
    "`amount` is the argument `args.amount` here.",
  ]);
  expect(checkPolicy(text)).toEqual([]);
});

test.each([
  ["within everything", '{"amount": 5, "currency": "usd", "a": "yes"}', "allow"],
  ["over the cap of one call", '{"amount": 9007199254740994, "currency": "usd", "a": "yes"}', "deny"],
  ["a required argument is missing", '{"currency": "usd", "a": "yes"}', "deny"],
  ["what deny_if names", '{"amount": 1, "currency": "usd", "a": "yes", "env": "prod"}', "deny"],
  ["doubt about deny_if", '{"amount": 1, "currency": "usd", "a": "yes", "env": null}', "deny"],
])("the imported policy decides as the hosted one: %s", (_, json, verdict) => {
  const given = readJson(new TextEncoder().encode(json));
  const args = new Map([["card", "5555"], ["env", "test"], ...((given.ok ? given.value : new Map()) as ValueObject)]);
  const digest = (input: string): string => createHash("sha256").update(input).digest("hex");
  const compiled = compilePolicy(parseGood(good(hosted).text), { digest });
  const facts = {
    ...{ tool: "create_charge", args, meta: new Map(), now: "2026-01-01T00:00:00Z", client: { name: null } },
    ...{ grant: { id: "g", label: "ci", tags: [] }, server: { name: "payments" } },
    toolFacts: { category: null, risk: null, annotations: new Map() },
  };
  expect(simulate(compiled, facts, () => decimalOf(0)).verdict.kind).toBe(verdict);
});

describe("what is not the hosted shape is refused at its place", () => {
  test.each<[string, string, object]>([
    ["a key twice", '{"default": "deny",\n "default": "allow"}', { code: "duplicate_key", line: 2, column: 2 }],
    ["an unknown key", '{"defualt": "deny"}', { code: "unknown_key", hint: "Did you mean `default`?" }],
    [
      "an unknown key of a tool",
      '{"tools": {"a": {"denyif": []}}}',
      { code: "unknown_key", hint: "Did you mean `deny_if`?" },
    ],
    [
      "an unknown key of an entry",
      '{"tools": {"a": {"require": [{"path": "args.a", "op": "eq", "valeu": 1}]}}}',
      { code: "unknown_key", hint: "Did you mean `value`?" },
    ],
    [
      "an unknown key of a limit",
      '{"tools": {"a": {"limits": [{"windw": "day", "max": 1}]}}}',
      { code: "unknown_key", hint: "Did you mean `window`?" },
    ],
    [
      "an unknown scope",
      '{"tools": {"a": {"limits": [{"window": "day", "max": 1, "scope": "grnat"}]}}}',
      { code: "value", hint: "Did you mean `grant`?" },
    ],
    [
      "an unknown operator",
      '{"tools": {"a": {"require": [{"path": "args.a", "op": "=<", "value": 1}]}}}',
      { code: "operator" },
    ],
    [
      "a number beyond the range",
      '{"tools": {"a": {"limits": [{"window": "day", "max": 1e400}]}}}',
      { code: "number" },
    ],
    ["an entry without a condition", '{"tools": {"a": {"deny_if": [{"on_deny": "no"}]}}}', { code: "missing" }],
    [
      "conditions twice",
      '{"tools": {"a": {"deny_if": [{"path": "args.a", "op": "eq", "value": 1, "conditions": []}]}}}',
      { code: "exclusive" },
    ],
    [
      "a limit that sums two arguments",
      '{"tools": {"a": {"limits": [{"window": "day", "max": 1, "sum": "args.a", "amount": "args.b"}]}}}',
      { code: "exclusive" },
    ],
    ["a negative limit", '{"tools": {"a": {"limits": [{"window": "day", "max": -1}]}}}', { code: "value" }],
    [
      "a contradiction",
      '{"tools": {"a": {"require": [{"path": "args.a", "op": "gt", "value": 10},\n {"path": "args.a", "op": "lt", "value": 5}]}}}',
      { code: "contradiction", line: 2 },
    ],
    ["a list", "[]", { code: "type" }],
    ["nothing", "", { code: "empty" }],
    ["a broken text", '{"tools": {', { code: "syntax" }],
  ])("%s", (_, text, wanted) => {
    expect(problems(text)).toEqual(expect.arrayContaining([expect.objectContaining(wanted)]));
  });
});

test("a document of this language comes back as it is, if it is valid", () => {
  const own = 'version: "1"\ntools: {a: {rules: []}} # kept\n';
  expect(good(own).text).toBe(own);
  expect(problems('{"version": "1", "toools": {}}')[0]).toMatchObject({ code: "unknown_key" });
});

test("rules of one name get numbers, so that every name stays unique", () => {
  const entry = '{"path": "args.a", "op": "exists", "value": true}';
  const { text } = good(`{"tools": {"a": {"require": [${entry}, ${entry}, ${entry}]}}}`);
  expect(parseGood(text).tools[0]?.rules.map((rule) => rule.name)).toEqual([
    "a is given",
    "a is given 2",
    "a is given 3",
  ]);
});
