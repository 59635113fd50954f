import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toolCategories, toolRisks, type ToolRisk } from "@/lib/kernel/tool-class";
import { checkPolicy } from "./check";
import { compilePolicy } from "./compile";
import { evaluate } from "./evaluate";
import { parsePolicy } from "./parse";
import { scaffoldPolicy, type ScaffoldTool } from "./scaffold";
import type { Facts } from "./types";

const tool = (name: string, more: Partial<ScaffoldTool> = {}): ScaffoldTool => ({
  name,
  description: "",
  category: "write",
  risk: "medium",
  parameters: [],
  ...more,
});
const parameter = (name: string, type = "string", required = false) => ({ name, type, required });
const errorsOf = (text: string) => checkPolicy(text).filter((problem) => problem.severity === "error");

const payments: ScaffoldTool[] = [
  tool("create_refund", {
    category: "financial",
    risk: "critical",
    description: "Refunds a charge, in full\nwhen no amount is given.",
    parameters: [parameter("charge", "string", true), parameter("amount", "integer")],
  }),
  tool("list_charges", {
    category: "read",
    risk: "low",
    description: "Lists charges.",
    parameters: [parameter("limit", "integer")],
  }),
  tool("run_report", {
    category: "execute",
    risk: "high",
    parameters: [parameter("sql", "string", true), parameter("rows", "integer"), parameter("a.b", "boolean")],
  }),
  tool("delete_all", { category: "destructive", risk: "critical" }),
  tool("create_note"),
  tool("get_secret", { category: "read", risk: "critical" }),
  tool("drop_*"),
];

/** Says of a tool what its calls meet, without arguments and with empty counters. */
function judgeOf(text: string): (name: string) => string {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems.slice(0, 3)));
  const compiled = compilePolicy(parsed.document, {
    digest: (input) => createHash("sha256").update(input).digest("hex"),
  });
  return (name) => {
    const decision = evaluate(compiled, { ...facts, tool: name });
    if (decision.kind !== "allow") return decision.kind;
    return decision.counters.length > 0 ? "limited" : "allow";
  };
}

const facts: Facts = {
  tool: "",
  args: new Map(),
  grant: { id: "g", label: "g", tags: [] },
  server: { name: "s" },
  client: { name: null },
  toolFacts: { category: null, risk: null, annotations: new Map() },
  meta: new Map(),
  now: "2026-01-01T12:00:00Z",
};

const promised: Record<ToolRisk, string> = { low: "allow", medium: "limited", high: "limited", critical: "hold" };

test("the scaffold lists every tool by category, with what it says of itself as comments", () => {
  expect(scaffoldPolicy(payments, { server: "payments", safe: false })).toBe(`\
# payments: 7 tools, grouped by what they do.
# A tool that stands here with \`rules: []\` is allowed for every call. Take out what no agent needs, add rules to
# the rest.
# What is not listed is denied.

version: "1"
description: "Tools of payments"
default: deny

tools:
  # --- read, low risk: 2 tools ---
  get_secret:
    # Risk: critical
    rules: []
  list_charges:
    # Lists charges.
    #   limit (integer, optional)
    rules: []

  # --- write, medium risk: 1 tool ---
  create_note:
    rules: []

  # --- execute, high risk: 1 tool ---
  run_report:
    #   sql (string, required)
    #   rows (integer, optional)
    #   a.b (boolean, optional)
    rules: []

  # --- destructive, critical risk: 1 tool ---
  delete_all:
    rules: []

  # --- financial, critical risk: 1 tool ---
  create_refund:
    # Refunds a charge, in full when no amount is given.
    #   charge (string, required)
    #   amount (integer, optional)
    rules: []

# These cannot be listed, so they are denied:
#   drop_*: \`*\` and \`?\` stand for other text in a policy
`);
});

describe("the safe start", () => {
  const text = scaffoldPolicy(payments, { server: "payments", safe: true });

  test("has a starter rule for each risk", () => {
    expect(errorsOf(text)).toEqual([]);
    expect(
      ["list_charges", "create_note", "run_report", "delete_all", "get_secret", "drop_x"].map((name) =>
        judgeOf(text)(name),
      ),
    ).toEqual(["allow", "limited", "limited", "hold", "hold", "deny"]);
  });

  test("offers conditions for tools of high risk that are valid once uncommented", () => {
    const filled = text.replace(/^ {6}# ((?:- name| {2,}).*)$/gm, "      $1");
    expect(filled).toContain('          - { path: "args[\\"a.b\\"]", op: eq, value: false }');
    expect(checkPolicy(filled)).toEqual([]);
    expect(judgeOf(filled)("run_report")).toBe("deny");
  });
});

test("a server without tools gets a policy that denies everything", () => {
  const text = scaffoldPolicy([], { server: "", safe: true });
  expect(errorsOf(text)).toEqual([]);
  expect(judgeOf(text)("anything")).toBe("deny");
});

const hostileTexts = [
  "a\nb: c",
  "# x",
  '"',
  "'",
  "*",
  "a*",
  "?",
  "__proto__",
  "_global",
  "true",
  "no",
  "1",
  "1e5",
  "~",
  "- a",
  "{a: 1}",
  "&a",
  "!t",
  "%d",
  "@",
  "`",
  "a: b",
  "a #b",
  "\u202e",
  "\u200b",
  "\u{e0041}",
  "\ufeff",
  "\u0085",
  "\u2028",
  "\0",
  "\ud800",
  " lead",
  "trail ",
  "Pay",
  "pay",
  "x".repeat(200),
  "é".repeat(128),
  "😀".repeat(64),
  "\\",
  "\\u0000",
  "---",
  "...",
  "a\tb",
  "\r\n",
  "",
];
const hostile = fc.oneof(
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: "binary", maxLength: 140 }),
  fc.string({ unit: fc.constantFrom(":", "#", '"', "\n", " ", "a", "*", "\\", "\u0001", "{"), maxLength: 12 }),
);
const anyTool: fc.Arbitrary<ScaffoldTool> = fc.record({
  name: hostile,
  description: hostile,
  category: fc.constantFrom(...toolCategories),
  risk: fc.constantFrom(...toolRisks),
  parameters: fc.array(fc.record({ name: hostile, type: hostile, required: fc.boolean() }), { maxLength: 4 }),
});

describe("whatever a server calls its tools", () => {
  test("the scaffold has no errors, and each listed tool is met as promised", () => {
    fc.assert(
      fc.property(fc.array(anyTool, { maxLength: 12 }), hostile, fc.boolean(), (tools, server, safe) => {
        const text = scaffoldPolicy(tools, { server, safe });
        expect(errorsOf(text)).toEqual([]);
        const meets = judgeOf(text);
        const last = new Map(tools.map((item) => [item.name, item]));
        for (const [name, { risk }] of last) {
          const cannot = name === "" || name.length > 128 || /[*?\0\p{Surrogate}]/u.test(name) || name === "_global";
          expect([name, meets(name)]).toEqual([name, cannot ? "deny" : safe ? promised[risk] : "allow"]);
        }
      }),
      { numRuns: 500 },
    );
  }, 20_000);

  test("P5 nothing in it is hidden: no control, direction, zero-width or tag character but line breaks", () => {
    fc.assert(
      fc.property(fc.array(anyTool, { maxLength: 6 }), hostile, fc.boolean(), (tools, server, safe) => {
        expect(scaffoldPolicy(tools, { server, safe }).replaceAll("\n", "")).not.toMatch(/[\p{C}\u2028\u2029\u3164]/u);
      }),
      { numRuns: 500 },
    );
  });

  test("the examples are valid too once uncommented", () => {
    const risky = anyTool.map((item) => ({ ...item, name: "run", risk: "high" as const }));
    fc.assert(
      fc.property(risky, (item) => {
        const text = scaffoldPolicy([item], { server: "s", safe: true });
        expect(errorsOf(text.replace(/^ {6}# ((?:- name| {2,}).*)$/gm, "      $1"))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

test("a server with very many tools gets fewer comments, then fewer tools, and never a text that is too large", () => {
  const many = (count: number, length: number) =>
    Array.from({ length: count }, (_, at) =>
      tool(`t${String(at)}_${"é".repeat(length)}`, {
        description: "Describes ".repeat(20),
        risk: "high",
        parameters: Array.from({ length: 30 }, (__, index) => parameter(`p${String(index)}`)),
      }),
    );
  const text = (count: number, length: number) => scaffoldPolicy(many(count, length), { server: "s", safe: true });
  for (const [count, length] of [
    [100, 0],
    [500, 0],
    [5000, 100],
  ] as const) {
    expect(errorsOf(text(count, length))).toEqual([]);
  }
  expect(text(100, 0)).toContain("#   and 10 more");
  expect(text(500, 0)).toContain("# Describes");
  expect(text(500, 0)).not.toContain("optional");
  expect(text(5000, 100)).toMatch(/more tools did not fit into one policy: denied until listed\.\n$/);
}, 20_000);
