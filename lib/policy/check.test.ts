import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkPolicy } from "./check";
import type { Condition, PolicyDocument } from "./document";
import { parsePolicy } from "./parse";
import { readTree } from "./yaml-tree";
import type { TreeNode } from "./yaml-tree";

const tutorial = readFileSync(path.join(import.meta.dirname, "templates/payments-tutorial.yaml"), "utf8");
const wide = `
version: "1"
default: deny
hide: ["drop_*"]
tools:
  pay:
    rules:
      - name: cap
        when: [{ not: { path: args.test, op: eq, value: true } }]
        conditions:
          - any: [{ path: args.amount, op: lte, value: 5 }, { path: "args.items[*].n", op: gt, value: 0 }]
          - { path: state.pay.spent, op: lte, value: 100 }
        state: { counter: spent, window: week, increment_from: args.amount }
      - { name: budget, limit: { sum: args.fee, max: 7.5, window: month }, on_unknown: hold }
      - { name: rate, rate_limit: 3/minute, on_tool_error: post }
      - { name: stop, action: deny, when: [{ path: args.x, op: regex, value: "^a+$", if_absent: skip }] }
`;

/** How often a key stands in the text, wherever it is. */
function countKey(node: TreeNode | null, key: string): number {
  if (node === null || node.kind === "scalar") return 0;
  if (node.kind === "list") return node.items.reduce((sum, item) => sum + countKey(item, key), 0);
  return [...node.entries].reduce((sum, [name, { value }]) => sum + (name === key ? 1 : 0) + countKey(value, key), 0);
}

function countLeaves(condition: Condition | null): number {
  if (condition === null) return 0;
  if (condition.kind === "leaf") return 1;
  const items = condition.kind === "not" ? [condition.item] : condition.items;
  return items.reduce((sum, item) => sum + countLeaves(item), 0);
}

/** What a document enforces, in numbers that its text can be counted for. */
function enforced(document: PolicyDocument): Record<string, number> {
  const rules = document.tools.flatMap((block) => block.rules);
  const sum = (count: (rule: (typeof rules)[number]) => number) =>
    rules.reduce((total, rule) => total + count(rule), 0);
  const denials = rules.filter((rule) => rule.action === "deny").length;
  const counted = sum((rule) => (rule.counting ? 1 : 0));
  const named = rules.filter((rule) => rule.counting?.counter.startsWith("_")).length;
  const leaves = sum((rule) => countLeaves(rule.when) + countLeaves(rule.conditions) + rule.bounds.length);
  return { rules: rules.length, denials, counted, paths: leaves - named };
}

function written(text: string): Record<string, number> {
  const { root } = readTree(text);
  // Tests of a policy have names and counters too, and enforce nothing.
  const tools = root?.kind === "map" ? (root.entries.get("tools")?.value ?? null) : null;
  const count = (...keys: string[]) => keys.reduce((sum, key) => sum + countKey(tools, key), 0);
  const rules = count("name");
  return { rules, denials: count("action"), counted: count("rate_limit", "limit", "state"), paths: count("path") };
}

describe("whatever a text is turned into", { timeout: 60_000 }, () => {
  test.each([
    ["the tutorial", tutorial],
    ["a wide policy", wide],
  ])("%s is enforced to the last condition", (_, text) => {
    const parsed = parsePolicy(text);
    expect(parsed.problems.filter((problem) => problem.severity === "error")).toEqual([]);
    if (parsed.ok) expect(enforced(parsed.document)).toEqual(written(text));
  });

  test("no edit makes it throw, and what still passes the checks loses nothing of what is written", () => {
    const words = [
      "path",
      "op",
      "value",
      "conditions",
      "when",
      "name",
      "deny",
      "evaluate",
      "null",
      "true",
      "5",
      '"5"',
      "[]",
      "{}",
      "args.a",
      "- ",
      "  ",
      "\n",
      ":",
      "not",
      "any",
      "lte",
      "eq",
      "in",
      "state.pay.spent",
    ];
    const edit = fc.record({
      at: fc.nat(1000),
      length: fc.nat(12),
      word: fc.oneof(fc.constantFrom(...words), fc.constant("")),
    });
    fc.assert(
      fc.property(fc.constantFrom(tutorial, wide), fc.array(edit, { minLength: 1, maxLength: 3 }), (base, edits) => {
        const text = edits.reduce((before, { at, length, word }) => {
          const from = at % (before.length + 1);
          return before.slice(0, from) + word + before.slice(from + length);
        }, base);
        const parsed = parsePolicy(text);
        const errors = parsed.problems.filter((problem) => problem.severity === "error");
        expect(parsed.ok).toBe(errors.length === 0);
        const { denials: actions, ...rest } = written(text);
        if (!parsed.ok) return;
        const { denials, ...kept } = enforced(parsed.document);
        expect(kept).toEqual(rest);
        expect(denials).toBeLessThanOrEqual(actions ?? 0);
      }),
      { numRuns: 800 },
    );
  });

  test("problems come in the order of the text, with places inside it", () => {
    const edit = fc.record({
      at: fc.nat(1000),
      word: fc.constantFrom("nme: x", "&a ", "*a", "!t ", "0x1", "[", "path: q\n"),
    });
    fc.assert(
      fc.property(edit, ({ at, word }) => {
        const from = at % wide.length;
        const problems = checkPolicy(wide.slice(0, from) + word + wide.slice(from));
        const lines = wide.split("\n").length + 2;
        for (const [index, problem] of problems.entries()) {
          const before = problems[index - 1];
          expect(problem.line >= 1 && problem.line <= lines && problem.column >= 1).toBe(true);
          if (before)
            expect(
              before.line < problem.line || (before.line === problem.line && before.column <= problem.column),
            ).toBe(true);
        }
      }),
    );
  });
});

describe("with the server's tools", () => {
  const tools = [
    { name: "create_charge", parameters: [{ name: "amount" }, { name: "currency" }, { name: "customer" }] },
    { name: "create_refund", parameters: [{ name: "amount" }] },
    { name: "delete_customer" },
    { name: "delete_product" },
    { name: "delete_invoice" },
  ];
  const found = (text: string) => checkPolicy(text, { tools }).map(({ code, hint }) => [code, hint]);

  test("the tutorial fits them", () => {
    expect(found(tutorial).map(([code]) => code)).toEqual(["default_omitted"]);
  });

  test("a tool that the server lacks is pointed out with the nearest one", () => {
    const text =
      'version: "1"\ndefault: deny\nhide: [delete_custmer, "x_*"]\ntools:\n  create_charges: { rules: [] }\n';
    expect(found(text)).toEqual([
      ["unknown_tool", "Did you mean `delete_customer`?"],
      ["unknown_tool", "Did you mean `create_charge`?"],
    ]);
  });

  test("an argument that the schema lacks is pointed out, in conditions and sums", () => {
    const rules = `[{ name: a, when: [{ path: args.amout, op: gt, value: 5 }], limit: { sum: args.total, max: 5, window: day } }]`;
    const text = `version: "1"\ndefault: deny\ntools:\n  create_charge: { rules: ${rules} }\n  delete_customer: { rules: ${rules} }\n`;
    expect(found(text)).toEqual([
      ["unknown_argument", "Did you mean `args.amount`?"],
      ["unknown_argument", "Arguments: amount, currency, customer."],
    ]);
  });

  test("arguments are looked for in groups, guards and splits, at their first key, and globs are left alone", () => {
    const rules = `[
      { name: a, action: deny, when: [{ any: [{ path: args.amout.x, op: eq, value: 1 }, { not: { path: "args.customers[0]", op: eq, value: 1 } }] }] },
      { name: b, limit: { max: 5, window: day, by: [args.currencies, args.currency] } },
      { name: c, conditions: [{ path: meta.amout, op: eq, value: 1 }, { path: args.amount, op: eq, value: 1 }] },
    ]`;
    const text = `version: "1"\ndefault: deny\nhide: ["zz*"]\ntools:\n  create_charge: { rules: ${rules} }\n  "zz_*": { rules: ${rules} }\n`;
    const problems = checkPolicy(text, { tools });
    expect(problems.map(({ message, hint }) => [message, hint])).toEqual([
      ["`create_charge` has no argument `amout`", "Did you mean `args.amount`?"],
      ["`create_charge` has no argument `customers`", "Did you mean `args.customer`?"],
      ["`create_charge` has no argument `currencies`", "Did you mean `args.currency`?"],
      ["`hide` removes this tool (`zz*`), so its rules change nothing", undefined],
    ]);
  });

  test("a tool that is nothing like a known one gets no suggestion, and one without parameters is not judged", () => {
    const text = 'version: "1"\ndefault: deny\ntools:\n  wholly_other: { rules: [] }\n';
    expect(checkPolicy(text, { tools })).toMatchObject([{ message: "The server has no tool `wholly_other`" }]);
    expect(checkPolicy(text, { tools })[0]).not.toHaveProperty("hint");
    const bare = `version: "1"\ndefault: deny\ntools:\n  t: { rules: [{ name: a, conditions: [{ path: args.x, op: eq, value: 1 }] }] }\n`;
    expect(checkPolicy(bare, { tools: [{ name: "t", parameters: [] }] })).toEqual([]);
    expect(checkPolicy(bare, { tools: [{ name: "t" }] })).toEqual([]);
    expect(checkPolicy(bare, { tools: [{ name: "t", parameters: [{ name: "x" }] }] })).toEqual([]);
    expect(checkPolicy(bare, { tools: [{ name: "t", parameters: [{ name: "y" }] }] })).toHaveLength(1);
  });

  test("findings about tools are warnings: servers change, and publishing must not depend on them", () => {
    const problems = checkPolicy('version: "1"\ndefault: deny\ntools:\n  other: { rules: [] }\n', { tools });
    expect(problems.map((problem) => problem.severity)).toEqual(["warning"]);
  });
});
