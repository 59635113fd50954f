import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { randomPolicies } from "@/lib/testing/random-policy";
import { parseGood } from "@/lib/testing/same-document";
import { writePolicyJson } from "./to-json";
import { writePolicy } from "./to-yaml";
import { textScalar } from "./yaml-text";

const text = `version: '1'
tests: [{name: t, call: {tool: create_charge, args: {amount: 9007199254740993}}, expect: deny, given: {now: "2026-01-31T12:00:00Z"}}]
tools:
  create_charge:
    rules:
    - {mode: enforce, name: cap, conditions: [{op: lte, value: 5e4, path: args.amount}, {path: state.create_charge.spent, op: lt, value: 10.50}], state: {window: day, counter: spent, increment_from: args.amount}}
    - name: ask
      action: require_approval
      conditions: [{all: [{path: args.country, op: in, value: [no, se, "0x10"]}, {not: {path: args.ok, op: eq, value: true}}]}]
      approval_timeout: 90m
    - {name: rate, when: [{path: grant.label, op: eq, value: "on"}], rate_limit: 060/minute, on_unknown: release}
  list: {rules: []}
hide: [drop_*, "_x"]
`;

test("one canonical form: order of keys, short forms as given, nothing that goes without saying, exact numbers", () => {
  expect(writePolicy(parseGood(text))).toBe(`version: "1"
hide: ["drop_*", "_x"]

tools:
  create_charge:
    rules:
      - name: cap
        conditions:
          - { path: args.amount, op: lte, value: 50000 }
          - { path: state.create_charge.spent, op: lt, value: 10.5 }
        state: { counter: spent, window: day, increment_from: args.amount }
      - name: ask
        action: require_approval
        when:
          - { path: args.country, op: in, value: ["no", se, "0x10"] }
          - { not: { path: args.ok, op: eq, value: true } }
        approval: { timeout: 90m }
      - name: rate
        when:
          - { path: grant.label, op: eq, value: "on" }
        rate_limit: 60/minute

  list:
    rules: []

tests:
  - name: t
    call: { tool: create_charge, args: { amount: 9007199254740993 } }
    given: { now: "2026-01-31T12:00:00Z" }
    expect: deny
`);
});

test("JSON keeps every digit and is JSON", () => {
  const json = writePolicyJson(parseGood(text));
  expect(json).toContain('"args": { "amount": 9007199254740993 }');
  expect(JSON.parse(json)).toMatchObject({ version: "1", hide: ["drop_*", "_x"] });
});

test.each([
  ["create_charge", "create_charge"],
  ["Denied by the cap (10%)", "Denied by the cap (10%)"],
  ["60/minute", "60/minute"],
  ["30m", "30m"],
  ["1", '"1"'],
  ["1e3", '"1e3"'],
  ["0x10", '"0x10"'],
  ["12:30:45", '"12:30:45"'],
  ["2026-01-31", '"2026-01-31"'],
  ["y", '"y"'],
  ["No", '"No"'],
  ["OFF", '"OFF"'],
  ["null", '"null"'],
  ["~", '"~"'],
  [".inf", '".inf"'],
  ["_global", '"_global"'],
  ["- x", '"- x"'],
  ["a: b", '"a: b"'],
  ["a #b", '"a #b"'],
  ["a, b", '"a, b"'],
  ["*", '"*"'],
  ["<<", '"<<"'],
  [" a", '" a"'],
  ["a ", '"a "'],
  ["two\nlines", '"two\\nlines"'],
  ["\u2028\u0085\ufeff\u200b", '"\\u2028\\u0085\\ufeff\\u200b"'],
  ["Größe", "Größe"],
  ["", '""'],
])("%j is written %s", (value, written) => {
  expect(textScalar(value)).toBe(written);
});

test("readers of YAML 1.1 and 1.2 and of JSON all learn the same from what is written", { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(randomPolicies(), ({ document }) => {
      const [yaml, json] = [writePolicy(document), writePolicyJson(document)];
      const wanted: unknown = JSON.parse(json);
      expect(parse(yaml, { version: "1.1" })).toEqual(wanted);
      expect(parse(yaml, { version: "1.2", schema: "core" })).toEqual(wanted);
      expect(yaml).toMatch(/[^\n]\n$/);
    }),
    { numRuns: 500 },
  );
});
