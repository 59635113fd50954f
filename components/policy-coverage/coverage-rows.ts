import type { CoverageCell, ToolCoverage } from "@/lib/policy/coverage";

/** What the map can be narrowed to; the words stand in the URL. */
export const showWords = ["all", "default", "never", "unreachable", "shadow"] as const;
export type ShowWord = (typeof showWords)[number];

export const showLabels: Readonly<Record<ShowWord, string>> = {
  all: "All",
  default: "Falls to default",
  never: "Never matched",
  unreachable: "Unreachable",
  shadow: "Shadow",
};

const cellStates: Partial<Record<ShowWord, CoverageCell["state"]>> = {
  never: "never",
  unreachable: "unreachable",
  shadow: "shadow",
};

/** The tools that a filter and a search text leave, each with the cells that the filter is about. */
export function rowsFor(tools: readonly ToolCoverage[], show: ShowWord, text: string): readonly ToolCoverage[] {
  const wanted = text.trim().toLowerCase();
  const named = tools.filter(({ tool }) => tool.toLowerCase().includes(wanted));
  if (show === "all") return named;
  if (show === "default") return named.filter((tool) => tool.fallsToDefault);
  const state = cellStates[show];
  return named.flatMap((tool) => {
    if (isBeforeRules(tool)) return [];
    const cells = tool.cells.filter((cell) => cell.state === state);
    return cells.length > 0 ? [{ ...tool, cells }] : [];
  });
}

/** Whether the tool's calls are answered before any rule is looked at; then that, and no rule, is what to see. */
export function isBeforeRules({ class: verdict }: ToolCoverage): boolean {
  return verdict === "hidden" || verdict === "default_deny";
}

/** How many tools each filter would leave. */
export function countsOf(tools: readonly ToolCoverage[]): Readonly<Record<ShowWord, number>> {
  const count = (show: ShowWord): number => rowsFor(tools, show, "").length;
  return {
    all: count("all"),
    default: count("default"),
    never: count("never"),
    unreachable: count("unreachable"),
    shadow: count("shadow"),
  };
}

const textMax = 200;

/** The log's filter for what a rule decided about a tool; null when the rule's id is too long to be searched for. */
export function logLink(tool: string, rule: string): string | null {
  if (rule.length > textMax || tool.length > textMax) return null;
  return `/logs?tool=${encodeURIComponent(tool)}&text=${encodeURIComponent(rule)}`;
}
