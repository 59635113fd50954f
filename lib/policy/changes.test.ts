import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomPolicies } from "@/lib/testing/random-policy";
import { randomEdit } from "@/lib/testing/random-edit";
import { parseGood, placeless } from "@/lib/testing/same-document";
import { describeChanges } from "./changes";
import type { PolicyDocument } from "./document";
import { toDocument } from "./from-model";
import { toModel } from "./to-model";

const base = `
version: "1"
default: deny
hide: [drop_table]
tools:
  list_customers: {rules: []}
  create_charge:
    rules:
      - name: max single charge
        conditions: [{ path: args.amount, op: lte, value: 50000 }]
        on_deny: Too much
      - name: daily cap
        limit: { sum: args.amount, max: 1000000, window: day }
      - name: currencies
        conditions: [{ path: args.currency, op: in, value: [usd, eur] }]
  create_refund:
    rules:
      - name: count
        rate_limit: 10/day
      - name: big ones
        action: require_approval
        when: [{ path: args.amount, op: gte, value: 10000 }]
        approval: { timeout: 30m }
      - name: spend
        conditions: [{ path: state.create_refund.spent, op: lte, value: 5 }]
        state: { counter: spent, window: day, increment_from: args.amount }
methods: { resources/read: deny }
`;

function changes(...edits: [string, string][]): { summary: string[]; counters: string[] } {
  const after = edits.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  }, base);
  return describeChanges(parseGood(base), parseGood(after));
}

describe("a change in words", () => {
  test.each<[string, [string, string][], string[], string[]?]>([
    [
      "a cap of one call",
      [["50000", "80000"]],
      ['cap of create_charge raised from 50000 to 80000 ("max single charge", args.amount)'],
    ],
    [
      "a cap of a sum",
      [["max: 1000000", "max: 999999.5"]],
      ['cap of create_charge lowered from 1000000 to 999999.5 per day ("daily cap")'],
    ],
    ["a number of calls", [["10/day", "20/day"]], ["limit of create_refund raised from 10 to 20 per day (count)"]],
    [
      "the bound of a named counter",
      [["value: 5 ", "value: 4 "]],
      ["cap of create_refund lowered from 5 to 4 per day (spend)"],
    ],
    [
      "a window: the counter starts anew",
      [["window: day }\n      - name: currencies", "window: week }\n      - name: currencies"]],
      [
        'rule "daily cap" of create_charge counts the sum of args.amount per week and grant (before: the sum of args.amount per day and grant)',
      ],
      ["create_charge.daily cap: sum args.amount per day, per grant → sum args.amount per week, per grant"],
    ],
    [
      "a rate's window: another counter",
      [["10/day", "10/hour"]],
      ["rule count of create_refund counts calls per hour and grant (before: calls per day and grant)"],
      ["create_refund._rate_hour: a new counter in the place of create_refund._rate_day"],
    ],
    [
      "what splits a counter, and whose it is",
      [
        [
          "window: day, increment_from: args.amount",
          "window: day, increment_from: args.amount, per: org, by: [args.currency]",
        ],
      ],
      [
        "rule spend of create_refund counts the sum of args.amount per day and org, apart by args.currency (before: the sum of args.amount per day and grant)",
      ],
      ["create_refund.spent: sum args.amount per day, per grant → sum args.amount per day by args.currency, per org"],
    ],
    [
      "a new rule",
      [
        [
          "      - name: count",
          "      - name: require a reason\n        conditions: [{ path: args.reason, op: exists, value: true }]\n      - name: count",
        ],
      ],
      ["1 rule added to create_refund: require a reason"],
    ],
    [
      "a rule that went",
      [["      - name: count\n        rate_limit: 10/day\n", ""]],
      ["1 rule removed from create_refund: count"],
    ],
    ["a hidden tool", [["[drop_table]", "[drop_table, delete_customer]"]], ["delete_customer hidden"]],
    ["a tool that is shown again", [["hide: [drop_table]", "hide: []"]], ["drop_table no longer hidden"]],
    ["the default", [["default: deny", "default: allow"]], ["tools that nothing lists are now allowed"]],
    ["the default spelled out", [["default: deny\n", ""]], []],
    ["the description", [["default: deny", "description: x\ndefault: deny"]], ["description changed"]],
    [
      "a new tool",
      [["  create_refund:", "  get_balance: {rules: []}\n  create_refund:"]],
      ["get_balance listed: every call is allowed"],
    ],
    ["a tool that went", [["  list_customers: {rules: []}\n", ""]], ["list_customers no longer listed"]],
    [
      "a renamed tool: its counters are others",
      [["create_charge:", "create_payment:"]],
      ["create_charge renamed to create_payment"],
      ["create_payment.daily cap: a new counter in the place of create_charge.daily cap"],
    ],
    ["a renamed rule", [["name: currencies", "name: money"]], ["rule currencies of create_charge renamed to money"]],
    [
      "a renamed limit",
      [["name: daily cap", "name: budget"]],
      ['rule "daily cap" of create_charge renamed to budget'],
      ["create_charge.budget: a new counter in the place of create_charge.daily cap"],
    ],
    [
      "shadow",
      [["name: currencies", "name: currencies\n        mode: shadow"]],
      ["rule currencies of create_charge moved to shadow"],
    ],
    [
      "off",
      [["name: currencies", "name: currencies\n        mode: off"]],
      ["rule currencies of create_charge turned off"],
    ],
    ["a message", [["Too much", "Far too much"]], ['message of rule "max single charge" of create_charge changed']],
    [
      "another list",
      [["[usd, eur]", "[usd]"]],
      [
        "rule currencies of create_charge also requires args.currency in usd",
        "rule currencies of create_charge no longer requires args.currency in usd, eur",
      ],
    ],
    [
      "a guard",
      [["value: 10000", "value: 20000"]],
      ['rule "big ones" of create_refund applies when args.amount gte 20000 (before: args.amount gte 10000)'],
    ],
    [
      "terms of approval",
      [["{ timeout: 30m }", "{ timeout: 1h, quorum: 2 }"]],
      ['rule "big ones" of create_refund: approval 30m to decide → 1h to decide, 2 must agree'],
    ],
    ["a method", [["resources/read: deny", "resources/read: allow"]], ["method resources/read allowed"]],
    [
      "approvals of the document",
      [["methods:", "approvals: {quorum: 2}\nmethods:"]],
      ["approvals for all rules: as usual → 2 must agree"],
    ],
    ["tests", [["methods:", "tests: [{name: a, call: {tool: x}, expect: deny}]\nmethods:"]], ["1 test added: a"]],
    [
      "an order of rules",
      [
        ["      - name: count\n        rate_limit: 10/day\n", ""],
        ["methods:", "      - name: count\n        rate_limit: 10/day\nmethods:"],
      ],
      ["rule order of create_refund changed (decides only which denial is reported)"],
    ],
    [
      "an order of tools",
      [
        ["  list_customers: {rules: []}\n", ""],
        ["methods:", "  list_customers: {rules: []}\nmethods:"],
      ],
      ["order of tools changed (decides only which denial is reported)"],
    ],
    ["comments and layout", [["default: deny", "# why\n\ndefault:   'deny'"]], []],
  ])("%s", (_, edits, summary, counters = []) => {
    expect(changes(...edits)).toEqual({ summary, counters });
  });
});

test("a first version is told by its size", () => {
  expect(describeChanges(null, parseGood(base))).toEqual({
    summary: ["first version: 3 tools listed, 6 rules, 1 name hidden, 1 method; other tools: deny"],
    counters: [],
  });
});

test("a summary is bounded, whatever changed", () => {
  const many = (word: string): string =>
    `version: "1"\ntools:\n${Array.from({ length: 300 }, (_, index) => `  ${word}_${index}: {rules: []}\n`).join("")}`;
  const { summary } = describeChanges(parseGood(many("a")), parseGood(many("b")));
  expect(summary).toHaveLength(61);
  expect(summary.at(-1)).toBe("540 more changes");
});

/** Without what changes nothing: that `default` is spelled out, and approvals that say nothing. */
function meaningful(document: PolicyDocument): unknown {
  const says = Object.values(document.approvals ?? {}).some((word) => word !== null);
  return placeless({ ...document, defaultGiven: true, approvals: says ? document.approvals : null });
}

test(
  "nothing is said of a document beside itself, and something of every edit that changes it",
  { timeout: 30_000 },
  () => {
    fc.assert(
      fc.property(randomPolicies(), ({ document, text, tape }) => {
        expect(describeChanges(document, parseGood(text))).toEqual({ summary: [], counters: [] });
        const after = toDocument(randomEdit(toModel(document), tape).model);
        const { summary } = describeChanges(document, after);
        for (const line of summary) expect(line).not.toMatch(/\n/);
        const differ = !isDeepStrictEqual(meaningful(document), meaningful(after));
        expect(summary.length > 0).toBe(differ);
      }),
      { numRuns: 1000 },
    );
  },
);
