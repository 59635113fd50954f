import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimalOf } from "@/lib/kernel/decimal";
import { existsRow, randomEdit } from "@/lib/testing/random-edit";
import { randomPolicies } from "@/lib/testing/random-policy";
import { expectSameDocument, parseGood } from "@/lib/testing/same-document";
import { editPolicy } from "./edit-yaml";
import { toDocument } from "./from-model";
import type { PolicyModel, RuleCard } from "./model";
import {
  addRule,
  addTool,
  emptyCard,
  moveRule,
  removeRule,
  renameTool,
  replaceRule,
  setDefault,
  setDescription,
  setHide,
  setToolState,
} from "./model-edits";
import { columnOf, tailEnd } from "./source-compose";
import { commentsOf, locate, sourceEntry } from "./source-tree";
import { toModel } from "./to-model";

function edit(text: string, change: (model: PolicyModel) => PolicyModel): string {
  const model = change(toModel(parseGood(text)));
  const result = editPolicy(text, model);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  expect(editPolicy(result.text, model)).toEqual(result);
  expectSameDocument(parseGood(result.text), toDocument(model));
  return result.text;
}

const requireReason: RuleCard = { ...emptyCard("t", "require a reason"), conditions: [existsRow("args.reason")] };

const text = `# Payments, agreed with finance

version: "1"
description: 'Card payments'   # shown in the console

hide: [delete_customer, "drop_*"]
tools:
  # reading is free
  list_customers: {rules: []}

  create_charge:
    rules: # in the order of the manual
      # the cap
      - name: "max single charge"   # per call
        conditions:
          # agreed in March
          - { path: args.amount, op: lte, value: 50000 } # cents
        on_deny: 'Single charge cannot exceed $500.00'

      # the daily cap
      - action: evaluate
        name: daily cap
        limit:
          sum: args.amount
          max: 1000000  # ten thousand
          window: day
        # end of the cap

      - name: prod
        action: deny
        when: [{path: args.env, op: eq, value: prod}, {path: args.force, op: eq, value: true}]
  "*":
    rules:
    - name: rate
      rate_limit: 60/minute
# the end
`;

/** The lines that differ: what went and what came. */
function difference(before: string, after: string): { removed: string[]; added: string[] } {
  const [a, b] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  return { removed: a.slice(start, a.length - end), added: b.slice(start, b.length - end) };
}

const card = (model: PolicyModel, tool: string, name: string): RuleCard => {
  const found = model.tools.find((one) => one.name === tool)?.rules.find((rule) => rule.name === name);
  if (!found || found.kind === "locked") throw new Error(`no card ${name}`);
  return found;
};

const change = (tool: string, name: string, with_: Partial<RuleCard>) => (model: PolicyModel) =>
  replaceRule(model, tool, name, { ...card(model, tool, name), ...with_ });

describe("an edit changes its own lines only", () => {
  test.each<[string, (model: PolicyModel) => PolicyModel, string[], string[]]>([
    [
      "a value in a condition: its line, with the comment",
      (model) => {
        const before = card(model, "create_charge", "max single charge").conditions;
        const conditions = before.map((one) => (one.kind === "leaf" ? { ...one, value: decimalOf(80_000) } : one));
        return change("create_charge", "max single charge", { conditions })(model);
      },
      ["          - { path: args.amount, op: lte, value: 50000 } # cents"],
      ["          - { path: args.amount, op: lte, value: 80000 } # cents"],
    ],
    [
      "a message: keeps its quotes",
      change("create_charge", "max single charge", { message: "It's too much" }),
      ["        on_deny: 'Single charge cannot exceed $500.00'"],
      ["        on_deny: 'It''s too much'"],
    ],
    ["a new key: one line", change("create_charge", "daily cap", { mode: "shadow" }), [], ["        mode: shadow"]],
    [
      "a number deep in a limit",
      (model) => {
        const { limit } = card(model, "create_charge", "daily cap");
        const bounds = (limit?.bounds ?? []).map((bound) => ({ ...bound, max: decimalOf(2_000_000) }));
        return change("create_charge", "daily cap", { limit: limit && { ...limit, bounds } })(model);
      },
      ["          max: 1000000  # ten thousand"],
      ["          max: 2000000  # ten thousand"],
    ],
    [
      "one row of a guard on one line",
      (model) => {
        const when = card(model, "create_charge", "prod").when.slice(0, 1);
        return change("create_charge", "prod", { when })(model);
      },
      ["        when: [{path: args.env, op: eq, value: prod}, {path: args.force, op: eq, value: true}]"],
      ["        when: [{path: args.env, op: eq, value: prod}]"],
    ],
    ["a renamed rule", change("*", "rate", { name: "global rate" }), ["    - name: rate"], ["    - name: global rate"]],
    [
      "a rule at the end",
      (model) => addRule(model, "create_charge", requireReason),
      [],
      [
        "",
        "      - name: require a reason",
        "        conditions:",
        "          - { path: args.reason, op: exists, value: true }",
      ],
    ],
    [
      "a rule at an index",
      (model) => addRule(model, "create_charge", requireReason, 1),
      [],
      [
        "      - name: require a reason",
        "        conditions:",
        "          - { path: args.reason, op: exists, value: true }",
        "",
      ],
    ],
    [
      "a removed rule: with the comments that touch it",
      (model) => removeRule(model, "create_charge", "daily cap"),
      [
        "      # the daily cap",
        "      - action: evaluate",
        "        name: daily cap",
        "        limit:",
        "          sum: args.amount",
        "          max: 1000000  # ten thousand",
        "          window: day",
        "        # end of the cap",
        "",
      ],
      [],
    ],
    [
      "a renamed tool",
      (model) => renameTool(model, "create_charge", "create_payment"),
      ["  create_charge:"],
      ["  create_payment:"],
    ],
    ["a new tool", (model) => addTool(model, "get_balance"), [], ["  get_balance:", "    rules: []"]],
    [
      "a first rule where there was none",
      (model) => addRule(model, "list_customers", requireReason),
      ["  list_customers: {rules: []}"],
      [
        "  list_customers: {rules: [{ name: require a reason, conditions: [{ path: args.reason, op: exists, value: true }] }]}",
      ],
    ],
    [
      "the description",
      (model) => setDescription(model, "All payments"),
      ["description: 'Card payments'   # shown in the console"],
      ["description: 'All payments'   # shown in the console"],
    ],
    ["the default, where none was", (model) => setDefault(model, "allow"), [], ["default: allow"]],
    [
      "a hidden name",
      (model) => setHide(model, [...model.hide, "no"]),
      ['hide: [delete_customer, "drop_*"]'],
      ['hide: [delete_customer, "drop_*", "no"]'],
    ],
    [
      "Deny for a tool that was allowed",
      (model) => setToolState(model, "list_customers", "deny"),
      ["  list_customers: {rules: []}"],
      ["  list_customers: {rules: [{ name: denied, action: deny }]}"],
    ],
  ])("%s", (_, make, removed, added) => {
    expect(difference(text, edit(text, make))).toEqual({ removed, added });
  });

  test("a moved rule takes its comments along and leaves the others alone", () => {
    const moved = edit(text, (model) => moveRule(model, "create_charge", "daily cap", 0));
    expect(moved.split("\n").slice(10, 30)).toEqual([
      "  create_charge:",
      "    rules: # in the order of the manual",
      "      # the daily cap",
      "      - action: evaluate",
      "        name: daily cap",
      "        limit:",
      "          sum: args.amount",
      "          max: 1000000  # ten thousand",
      "          window: day",
      "        # end of the cap",
      "",
      "      # the cap",
      '      - name: "max single charge"   # per call',
      "        conditions:",
      "          # agreed in March",
      "          - { path: args.amount, op: lte, value: 50000 } # cents",
      "        on_deny: 'Single charge cannot exceed $500.00'",
      "",
      "      - name: prod",
      "        action: deny",
    ]);
    expect(edit(moved, (model) => moveRule(model, "create_charge", "daily cap", 1))).toBe(text);
  });

  test("a section's comment stays where it is when its first rule moves or goes", () => {
    const before = `version: "1"
tools:
  a:
    rules:
      # Section

      # about one
      - name: one
        rate_limit: 1/day

      # about two
      - name: two
        rate_limit: 2/hour
`;
    const two = "      # Section\n\n      # about two\n      - name: two\n        rate_limit: 2/hour\n";
    const one = "\n      # about one\n      - name: one\n        rate_limit: 1/day\n";
    const head = before.slice(0, before.indexOf("      # Section"));
    expect(edit(before, (model) => removeRule(model, "a", "one"))).toBe(head + two);
    expect(edit(before, (model) => moveRule(model, "a", "two", 0))).toBe(head + two + one);
  });

  test("every state and back", () => {
    const hidden = edit(text, (model) => setToolState(model, "list_customers", "hide"));
    expect(hidden).toContain('hide: [delete_customer, "drop_*", list_customers]');
    expect(hidden).not.toContain("{rules: []}");
    const shown = edit(hidden, (model) => setToolState(model, "list_customers", "custom"));
    expect(shown).toContain('hide: [delete_customer, "drop_*"]');
    expect(toModel(parseGood(shown)).tools.find((tool) => tool.name === "list_customers")?.state).toBe("allow");
  });

  test("JSON stays JSON", () => {
    const json =
      '{\n  "version": "1",\n  "tools": {\n    "a": {"rules": []},\n    "b": {"rules": [{"name": "x", "action": "deny"}]}\n  }\n}\n';
    const edited = edit(json, (model) => addRule(setHide(addTool(model, "c"), ["d"]), "a", requireReason));
    expect(JSON.parse(edited)).toEqual({
      version: "1",
      hide: ["d"],
      tools: {
        a: { rules: [{ name: "require a reason", conditions: [{ path: "args.reason", op: "exists", value: true }] }] },
        b: { rules: [{ name: "x", action: "deny" }] },
        c: { rules: [] },
      },
    });
    expect(edited).toContain('    "b": {"rules": [{"name": "x", "action": "deny"}]}');
  });
});

describe("what cannot be edited is said", () => {
  test("a text with errors is left alone", () => {
    const broken = `${text}unknown: 1\n`;
    const result = editPolicy(broken, toModel(parseGood(text)));
    expect(result).toMatchObject({ ok: false, text: broken, problems: [{ code: "unknown_key" }] });
  });

  test("a card that is no rule yet gives the problems of the text that it would make", () => {
    const model = addRule(toModel(parseGood(text)), "*", { ...requireReason, conditions: [existsRow("arg.reason")] });
    const result = editPolicy(text, model);
    expect(result).toMatchObject({
      ok: false,
      problems: [{ code: "path", path: "/tools/*/rules/1/conditions/0/path" }],
    });
  });
});

/** Where a rule stands in its text, with the comments that belong to it. */
function spanOf(source: string, tool: string, index: number): [start: number, end: number] {
  const rules = sourceEntry(sourceEntry(sourceEntry(locate(source), "tools")?.value, tool)?.value, "rules")?.value;
  const item = rules && rules.kind !== "scalar" ? rules.items[index] : undefined;
  if (!item || !rules) throw new Error("no such rule");
  const isBlock = rules.kind !== "scalar" && rules.style === "block";
  return [item.start, isBlock ? tailEnd(source, item.end, columnOf(source, item.start)) : item.end];
}

test(
  "random edits of random texts: the text reads as the model, twice is once, comments and other rules keep every byte",
  { timeout: 120_000 },
  () => {
    let [made, refused] = [0, 0];
    fc.assert(
      fc.property(randomPolicies(), ({ text: before, tape }) => {
        const { model, removes, rule } = randomEdit(toModel(parseGood(before)), tape);
        const result = editPolicy(before, model);
        if (!result.ok) {
          refused += 1;
          return;
        }
        made += 1;
        const after = result.text;
        expectSameDocument(parseGood(after), toDocument(model));
        expect(editPolicy(after, model)).toEqual(result);
        if (!removes) expect(commentsOf(after).sort()).toEqual(commentsOf(before).sort());
        if (!rule) return;
        const [start, end] = spanOf(before, rule.tool, rule.index);
        expect(after.slice(0, start)).toBe(before.slice(0, start));
        expect(after.slice(after.length - (before.length - end))).toBe(before.slice(end));
      }),
      { numRuns: 1200 },
    );
    // Refused are edits that leave a reference without its counter.
    expect(refused).toBeLessThan(made / 5);
  },
);
