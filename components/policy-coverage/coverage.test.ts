import { describe, expect, test } from "vitest";
import type { CoverageCell, ToolCoverage } from "@/lib/policy/coverage";
import { coverageCsv, csvCell } from "./coverage-csv";
import { countsOf, logLink, rowsFor } from "./coverage-rows";

function cell(name: string, state: CoverageCell["state"], count = 0): CoverageCell {
  return { rule: `/tools/pay/rules/${name}`, name, action: "evaluate", state, count, lastAt: null };
}

function tool(name: string, cells: readonly CoverageCell[], fallsToDefault = false): ToolCoverage {
  const last = "2026-01-02T03:04:05.000Z";
  return { tool: name, class: "rules", fallsToDefault, allowed: 2, byDefault: 1, lastAt: last, cells };
}

const tools = [
  tool("pay", [cell("cap", "decides", 3), cell("old", "never")]),
  tool("Refund", [cell("behind", "unreachable"), cell("trial", "shadow")]),
  tool("list", [], true),
];

describe("the map is narrowed", () => {
  test("each filter leaves its tools, with its cells alone", () => {
    const shown = (show: Parameters<typeof rowsFor>[1]) =>
      rowsFor(tools, show, "").map((row) => [row.tool, row.cells.map(({ name }) => name)]);
    expect(shown("never")).toEqual([["pay", ["old"]]]);
    expect(shown("unreachable")).toEqual([["Refund", ["behind"]]]);
    expect(shown("shadow")).toEqual([["Refund", ["trial"]]]);
    expect(shown("default")).toEqual([["list", []]]);
    expect(shown("all")).toHaveLength(3);
  });

  test("rules behind a hidden or unlisted tool are not called unreachable: the tool's own verdict says it", () => {
    const hidden = { ...tool("gone", [cell("cap", "unreachable")]), class: "hidden" as const };
    expect(rowsFor([hidden], "unreachable", "")).toEqual([]);
    expect(rowsFor([hidden], "all", "")).toEqual([hidden]);
  });

  test("a search text narrows further, in any case", () => {
    expect(rowsFor(tools, "all", " REF ").map((row) => row.tool)).toEqual(["Refund"]);
  });

  test("the counts are those of the filters", () => {
    expect(countsOf(tools)).toEqual({ all: 3, default: 1, never: 1, unreachable: 1, shadow: 1 });
  });
});

describe("a cell leads to the log", () => {
  test("by tool and rule, escaped", () => {
    expect(logLink("a&b", "/tools/a&b/rules/x y")).toBe("/logs?tool=a%26b&text=%2Ftools%2Fa%26b%2Frules%2Fx%20y");
  });
  test("not where the rule's id is longer than the log can search", () => {
    expect(logLink("pay", "x".repeat(201))).toBeNull();
  });
});

describe("the map as CSV", () => {
  test.each([
    ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", "'\t=1"],
    ['a "b", c', '"a ""b"", c"'],
    ['=a,"b"', `"'=a,""b"""`],
    ["two\nlines", '"two\nlines"'],
    ["plain", "plain"],
  ])("L5 %j opens harmless", (text, expected) => {
    expect(csvCell(text)).toBe(expected);
  });

  test("a line per tool and rule, and one for a tool without rules", () => {
    expect(coverageCsv(tools).split("\r\n")).toEqual([
      "tool,verdict,allowed,by_default,last_call,rule,action,state,decided,last_decided",
      "pay,rules,2,1,2026-01-02T03:04:05.000Z,/tools/pay/rules/cap,evaluate,decides,3,",
      "pay,rules,2,1,2026-01-02T03:04:05.000Z,/tools/pay/rules/old,evaluate,never,0,",
      "Refund,rules,2,1,2026-01-02T03:04:05.000Z,/tools/pay/rules/behind,evaluate,unreachable,0,",
      "Refund,rules,2,1,2026-01-02T03:04:05.000Z,/tools/pay/rules/trial,evaluate,shadow,0,",
      "list,rules,2,1,2026-01-02T03:04:05.000Z,,,,,",
      "",
    ]);
  });
});
