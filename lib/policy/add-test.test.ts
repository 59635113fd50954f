import { describe, expect, test } from "vitest";
import { decimalOf } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import { addTest } from "./add-test";
import type { PolicyTest } from "./document";
import { parsePolicy } from "./parse";
import { runPolicyTests } from "./run-tests";

const sample: PolicyTest = {
  at: "",
  name: "too much",
  call: { tool: "pay", args: new Map<string, Value>([["amount", decimalOf(9_007_199_254_740_993n)]]) },
  given: {
    state: new Map([["pay.cap", decimalOf(5)]]),
    grant: { id: null, label: null, tags: null },
    server: null,
    client: null,
    category: null,
    risk: null,
    annotations: new Map<string, Value>(),
    meta: new Map<string, Value>(),
    now: null,
  },
  expect: "rate_limited",
  rule: "cap",
};

const rules = `version: "1" # first\ntools:\n  pay:\n    rules:\n      - name: cap\n        limit: { sum: args.amount, max: 10, window: day } # why\n`;
const entry = `name: known\n    call: { tool: pay, args: { amount: 1 } }\n    expect: allow`;

function added(text: string): string {
  const result = addTest(text, sample);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const read = parsePolicy(result.text);
  if (!read.ok) throw new Error("does not parse");
  const last = read.document.tests.at(-1);
  expect({ ...last, at: "" }).toEqual(sample);
  expect(result.text.split("\n")[result.line - 1]).toContain("too much");
  expect(runPolicyTests(result.text, { digest: () => "" }).results.at(-1)).toMatchObject({ ok: true });
  return result.text;
}

/** Whether `after` is `before` with something put in at one place. */
function untouched(before: string, after: string): boolean {
  let start = 0;
  while (start < before.length && before[start] === after[start]) start += 1;
  return after.endsWith(before.slice(start));
}

describe("a test is added and nothing else of the text changes", () => {
  test.each([
    ["no tests yet", rules],
    ["no line break at the end", rules.trimEnd()],
    ["comments behind the last line", `${rules}\n# the end\n`],
    ["an empty list", `${rules}tests: []\n`],
    ["an empty list with a comment", `${rules}tests: [] # none yet\n`],
    ["a list of its own", `${rules}tests:\n  - ${entry} # yes\n  # after\n`],
    ["a list without indentation", `${rules}tests:\n- ${entry.replaceAll("\n    ", "\n  ")}\n`],
    ["tests in the middle", `tests:\n  - ${entry}\n\n# the policy\n${rules}`],
    [
      "a list in brackets",
      `${rules}tests: [{ name: known, call: { tool: pay, args: { amount: 1 } }, expect: allow }] # x\n`,
    ],
    ["a document end", `${rules}...\n`],
    ["Windows line ends", `${rules}tests:\n  - ${entry} # yes\n`.replaceAll("\n", "\r\n")],
  ])("%s", (_, text) => {
    const next = added(text);
    expect(untouched(text.replace(" []", ""), next)).toBe(true);
    expect(next.includes("\r\n")).toBe(text.includes("\r\n"));
    if (text.includes("\r\n")) expect(next).not.toMatch(/[^\r]\n/);
  });

  test.each([
    [
      "without tests",
      `{"version": "1", "tools": {"pay": {"rules": [{"name": "cap", "limit": {"sum": "args.amount", "max": 10, "window": "day"}}]}}}`,
    ],
    [
      "with an empty list",
      `{"version": "1", "tests": [], "tools": {"pay": {"rules": [{"name": "cap", "limit": {"sum": "args.amount", "max": 10, "window": "day"}}]}}}`,
    ],
  ])("JSON %s stays JSON", (_, text) => {
    expect(JSON.parse(added(text))).toMatchObject({ tests: [{ name: "too much", expect: "rate_limited" }] });
  });
});

test("a name that is taken gets a number", () => {
  const once = added(rules);
  const twice = addTest(once, sample);
  expect(twice).toMatchObject({ ok: true });
  const read = parsePolicy(twice.ok ? twice.text : "");
  expect(read.ok && read.document.tests.map(({ name }) => name)).toEqual(["too much", "too much (2)"]);
});

test("a text with errors is left alone and says why", () => {
  const result = addTest(`version: "1"\ntools: []\n`, sample);
  expect(result).toMatchObject({ ok: false, problems: [{ severity: "error" }] });
});
