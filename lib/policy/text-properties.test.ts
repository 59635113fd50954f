import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readJson } from "@/lib/kernel/json";
import type { ValueObject } from "@/lib/kernel/value";
import { callArbitrary, policyArbitrary } from "@/lib/testing/policy-arbitraries";
import { buildText, factsFor, textFor } from "@/lib/testing/policy-verdict";
import { checkPolicy } from "./check";
import { compilePolicy } from "./compile";
import { evaluate } from "./evaluate";
import { explain } from "./explain";
import { factsOf } from "./facts";
import { parsePolicy } from "./parse";
import { runPolicyTests } from "./run-tests";
import { simulate } from "./simulate";

const times = process.env["SLOW"] === "1" ? 100 : 1;
const digest = (text: string): string => text;
const tutorial = readFileSync(path.join(import.meta.dirname, "templates/payments-tutorial.yaml"), "utf8");
const wide = `
version: "1"
default: deny
hide: ["drop_*"]
methods: { "resources/*": deny }
approvals: { timeout: 8h, approvers: [admin], quorum: 2, reason_required: true }
tools:
  pay:
    rules:
      - name: cap
        when: [{ not: { path: args.test, op: eq, value: true } }]
        conditions:
          - any: [{ path: args.amount, op: lte, value: 5 }, { path: "args.items[*].n", op: gt, value: 0 }]
          - { path: state.pay.spent, op: lte, value: 100 }
        state: { counter: spent, window: week, increment_from: args.amount, by: [args.currency], per: org }
      - { name: budget, limit: { sum: args.fee, max: 7.5, window: month }, on_unknown: hold, mode: shadow }
      - { name: rate, rate_limit: 3/minute, on_tool_error: post }
      - { name: ask, action: require_approval, when: [{ path: time.hour, op: gte, value: 18 }], approval_timeout: 30m }
tests:
  - name: night
    call: { tool: pay, args: { amount: 1, currency: usd, fee: 1, test: false } }
    given: { now: "2026-01-31T23:59:59.999Z", state: { "pay.spent[usd]": 5 }, tool: { risk: low } }
    expect: hold
    rule: ask
`;

/** Every place is inside the text, and the list is in the order of the text. */
function expectPlaces(text: string): void {
  const lines = text.split("\n");
  const problems = checkPolicy(text);
  for (const [index, { line, column, message, code, path: pointer }] of problems.entries()) {
    expect(line >= 1 && line <= lines.length && column >= 1).toBe(true);
    expect(column).toBeLessThanOrEqual((lines[line - 1] ?? "").length + 1);
    expect(message.length > 0 && code.length > 0 && (pointer === "" || pointer.startsWith("/"))).toBe(true);
    const before = problems[index - 1];
    if (before) expect(before.line < line || (before.line === line && before.column <= column)).toBe(true);
  }
}

/** What must hold of any text: no throw, the two checks agree, and what passes can be used. */
function expectSound(text: string): void {
  const parsed = parsePolicy(text);
  expect(checkPolicy(text)).toEqual(parsed.problems);
  expect(parsed.ok).toBe(!parsed.problems.some(({ severity }) => severity === "error"));
  const run = runPolicyTests(text, { digest });
  expect(run.results.length).toBe(run.passed + run.failed);
  if (!parsed.ok) {
    expect(run.results).toEqual([]);
    return;
  }
  const compiled = compilePolicy(parsed.document, { digest });
  for (const tool of ["pay", "create_charge", "anything"]) {
    const facts = factsOf({ tool });
    expect(simulate(compiled, facts).verdict.kind).toBeTypeOf("string");
    expect(explain(compiled, facts).decision).toEqual(evaluate(compiled, facts));
  }
}

const words = [
  "path", "op", "value", "conditions", "when", "name", "deny", "null", "true", "5", '"5"', "[]", "{}", "args.a", "- ", "  ",
  "\n", ":", "not", "any", "lte", "in", "state.pay.spent", "mode: off", "by", "limit", "approvals", "tests", "&a ", "*a", "!t ",
  "0x1", "[", "]", "{", "}", "'", '"', "#", "---\n", "\t", "\ufeff", "é", "\u2028", "\r\n", "\r", "? ", "| ", "> ",
]; // prettier-ignore
const edits = fc.array(
  fc.record({ at: fc.nat(5000), length: fc.nat(12), word: fc.oneof(fc.constantFrom(...words), fc.constant("")) }),
  { minLength: 1, maxLength: 4 },
);

function edited(text: string, changes: { at: number; length: number; word: string }[]): string {
  return changes.reduce((before, { at, length, word }) => {
    const from = at % (before.length + 1);
    return before.slice(0, from) + word + before.slice(from + length);
  }, text);
}

describe("any text", { timeout: 120_000 }, () => {
  test("that is a good policy with a few edits is read soundly, and problems stand where the text is", () => {
    const base = fc.oneof(
      fc.constantFrom(tutorial, wide),
      policyArbitrary.map((policy) => textFor(policy, "yaml")),
      policyArbitrary.map((policy) => textFor(policy, "json")),
    );
    fc.assert(
      fc.property(base, edits, (text, changes) => {
        const changed = edited(text, changes);
        expectSound(changed);
        expectPlaces(changed);
      }),
      { numRuns: 250 * times },
    );
  });

  test("of random characters is refused with problems, never with a throw", () => {
    const anything = fc.oneof(
      fc.string({ unit: "binary", maxLength: 60 }),
      fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((parts) => parts.join("")),
      fc.json(),
      fc.uint8Array({ maxLength: 80 }).map((bytes) => new TextDecoder("latin1").decode(bytes)),
    );
    fc.assert(
      fc.property(anything, (text) => {
        expect(parsePolicy(text).ok).toBe(false);
        expectSound(text);
        expectPlaces(text);
      }),
      { numRuns: 400 * times },
    );
  });

  test("Q15 that was cut off anywhere is refused, or denies what the whole denies", () => {
    for (const text of [tutorial, wide]) {
      const whole = buildText(text);
      for (let end = 0; end < text.length; end += 7) {
        const parsed = parsePolicy(text.slice(0, end));
        const cut = parsed.ok ? compilePolicy(parsed.document, { digest }) : null;
        for (const tool of ["pay", "create_charge", "create_refund"]) {
          // Without arguments every requirement that is left denies.
          if (cut && evaluate(whole, factsOf({ tool })).kind === "deny") {
            expect([end, tool, evaluate(cut, factsOf({ tool })).kind]).toEqual([end, tool, "deny"]);
          }
        }
      }
    }
  });
});

describe("the same policy", { timeout: 60_000 }, () => {
  test("written as JSON or as YAML with comments has one hash and judges alike", () => {
    fc.assert(
      fc.property(policyArbitrary, callArbitrary, (policy, call) => {
        const [json, yaml] = [buildText(textFor(policy, "json")), buildText(textFor(policy, "yaml"))];
        expect(yaml.hash).toBe(json.hash);
        expect(buildText(textFor(policy, "json")).hash).toBe(json.hash);
        expect(evaluate(yaml, factsFor(call))).toEqual(evaluate(json, factsFor(call)));
      }),
      { numRuns: 150 * times },
    );
  });

  test("keeps its hash under blank lines, comments and trailing spaces", () => {
    fc.assert(
      fc.property(policyArbitrary, fc.array(fc.nat(200), { minLength: 1, maxLength: 5 }), (policy, places) => {
        const lines = textFor(policy, "yaml").split("\n");
        for (const place of places)
          lines.splice(place % (lines.length + 1), 0, place % 2 ? "" : "   # a note: {not: [read");
        const loose = lines.map((line) => (line.trim() === "" ? line : `${line}  `)).join("\n");
        expect(buildText(loose).hash).toBe(buildText(textFor(policy, "json")).hash);
      }),
      { numRuns: 100 * times },
    );
  });
});

test("any call at all is judged without a throw, for any policy", () => {
  const values = fc
    .json({ maxDepth: 3 })
    .map((text) => readJson(new TextEncoder().encode(`{"a":${text},"amount":${text}}`)));
  fc.assert(
    fc.property(policyArbitrary, values, fc.string(), (policy, read, name) => {
      fc.pre(read.ok);
      const args = (read.ok ? read.value : new Map()) as ValueObject;
      const compiled = buildText(textFor(policy, "json"));
      for (const tool of ["t1", "t2", name]) {
        const facts = factsOf({ tool, args }, { meta: args, now: name });
        expect(explain(compiled, facts).decision).toEqual(evaluate(compiled, facts));
      }
    }),
    { numRuns: 200 * times },
  );
});
