import type { ToolCoverage } from "@/lib/policy/coverage";

const head = [
  "tool",
  "verdict",
  "allowed",
  "by_default",
  "last_call",
  "rule",
  "action",
  "state",
  "decided",
  "last_decided",
];

/** The map as CSV (RFC 4180), a line per tool and rule; no cell can be taken for a formula by a spreadsheet. */
export function coverageCsv(tools: readonly ToolCoverage[]): string {
  const lines = tools.flatMap((tool) => {
    const own = [tool.tool, tool.class, String(tool.allowed), String(tool.byDefault), tool.lastAt ?? ""];
    if (tool.cells.length === 0) return [[...own, "", "", "", "", ""]];
    return tool.cells.map((cell) => [
      ...own,
      cell.rule,
      cell.action,
      cell.state,
      String(cell.count),
      cell.lastAt ?? "",
    ]);
  });
  return [head, ...lines].map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("");
}

/** One cell: what a spreadsheet would run as a formula gets a quote before it, and what would end the cell is quoted. */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
