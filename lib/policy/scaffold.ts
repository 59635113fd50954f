import { riskOf, toolCategories, type ToolCategory, type ToolRisk } from "@/lib/kernel/tool-class";
import { isGlob } from "./glob";
import { globalScope } from "./path";
import { argumentPath, commentText, isStorable, yamlText } from "./scaffold-text";
import { policyLimits } from "./yaml-tree";

/** A tool as a scan found it. */
export interface ScaffoldTool {
  readonly name: string;
  readonly description: string;
  readonly category: ToolCategory;
  readonly risk: ToolRisk;
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly required: boolean }[];
}

export interface ScaffoldOptions {
  /** Name of the server. */
  readonly server: string;
  /** Adds a starter rule to each tool by its risk. */
  readonly safe: boolean;
}

const nameMax = 128;
/** Parameters of a tool that are shown, and of those the ones that the example conditions use. */
const shownMax = 20;
const exampleMax = 5;
const unlistedMax = 20;
/** Room for what stands around the tools. */
const frameBytes = 40_000;

/** How much is said about a tool; a server with very many tools gets less, because a policy has a largest size. */
const details = ["full", "short", "bare"] as const;
type Detail = (typeof details)[number];

/**
 * A first policy for a server: commented YAML that lists its tools by category and denies what is not listed. Plain, every
 * listed tool is allowed; `safe` limits tools of medium and high risk to 30 calls a minute and holds critical ones for a
 * person. The text has no errors, whatever the server calls its tools; what a policy cannot name stands in a comment.
 */
export function scaffoldPolicy(tools: readonly ScaffoldTool[], options: ScaffoldOptions): string {
  const distinct = [...new Map(tools.map((tool) => [tool.name, tool])).values()];
  const listable = distinct.filter((tool) => unlistable(tool.name) === null);
  const { blocks, left } = fit(sorted(listable), options.safe);
  const lines = [
    ...header(distinct.length, options),
    'version: "1"',
    `description: ${yamlText(`Tools of ${commentText(options.server) || "a server"}`)}`,
    "default: deny",
    "",
    blocks.length > 0 ? "tools:" : "tools: {}",
    ...grouped(blocks),
    ...unlisted(distinct),
    ...(left > 0 ? ["", `# ${countText(left, "more tool")} did not fit into one policy: denied until listed.`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function countText(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? "" : "s"}`;
}

function header(count: number, { server, safe }: ScaffoldOptions): string[] {
  const rules = safe
    ? [
        "# Starter rules by risk: low is allowed, medium and high may be called 30 times a minute, critical waits for a",
        "# person. Fill in the conditions of high-risk tools, and take out what no agent needs.",
      ]
    : [
        "# A tool that stands here with `rules: []` is allowed for every call. Take out what no agent needs, add rules to",
        "# the rest.",
      ];
  return [
    `# ${commentText(server) || "Server"}: ${countText(count, "tool")}, grouped by what they do.`,
    ...rules,
    "# What is not listed is denied.",
    "",
  ];
}

/** Why a policy cannot name a tool; null when it can. */
function unlistable(name: string): string | null {
  if (name === "" || name.length > nameMax) return `a name has 1 to ${String(nameMax)} characters`;
  if (isGlob(name)) return "`*` and `?` stand for other text in a policy";
  if (name === globalScope) return "the name is reserved";
  return isStorable(name) ? null : "the name holds a NUL or half of a surrogate pair";
}

function unlisted(tools: readonly ScaffoldTool[]): string[] {
  const refused = tools.flatMap(({ name }) => {
    const reason = unlistable(name);
    return reason === null ? [] : [`#   ${commentText(name) || '""'}: ${reason}`];
  });
  if (refused.length === 0) return [];
  const more = refused.length - unlistedMax;
  return [
    "",
    "# These cannot be listed, so they are denied:",
    ...refused.slice(0, unlistedMax),
    ...(more > 0 ? [`#   and ${String(more)} more`] : []),
  ];
}

function sorted(tools: readonly ScaffoldTool[]): ScaffoldTool[] {
  return toolCategories.flatMap((category) =>
    tools.filter((tool) => tool.category === category).sort((a, b) => (a.name < b.name ? -1 : 1)),
  );
}

interface Block {
  readonly category: ToolCategory;
  readonly text: string;
}

/** The blocks with as much said as fits, and how many tools did not fit even without a word about them. */
function fit(tools: readonly ScaffoldTool[], safe: boolean): { blocks: Block[]; left: number } {
  const written = (detail: Detail): Block[] =>
    tools.map((tool) => ({ category: tool.category, text: blockText(tool, detail, safe) }));
  for (const detail of details) {
    const blocks = written(detail);
    if (fittingCount(blocks) === blocks.length) return { blocks, left: 0 };
  }
  const blocks = written("bare");
  const count = fittingCount(blocks);
  return { blocks: blocks.slice(0, count), left: blocks.length - count };
}

/** How many of the blocks a policy has room for. */
function fittingCount(blocks: readonly Block[]): number {
  let left = policyLimits.bytes - frameBytes;
  for (const [index, { text }] of blocks.entries()) {
    left -= bytesOf(text);
    if (left < 0) return index;
  }
  return blocks.length;
}

/** Bytes of a text in UTF-8 at most, its line break included. */
function bytesOf(text: string): number {
  return text.length + 2 * text.replace(/[\0-\x7f]/g, "").length + 1;
}

function grouped(blocks: readonly Block[]): string[] {
  const groups = toolCategories.flatMap((category) => {
    const texts = blocks.filter((block) => block.category === category).map((block) => block.text);
    if (texts.length === 0) return [];
    return [`  # --- ${category}, ${riskOf(category)} risk: ${countText(texts.length, "tool")} ---`, ...texts, ""];
  });
  return groups.slice(0, -1);
}

function blockText(tool: ScaffoldTool, detail: Detail, safe: boolean): string {
  const comments = detail === "bare" ? [] : commentsOf(tool, detail);
  return [`  ${yamlText(tool.name)}:`, ...comments, ...(safe ? starter(tool, detail) : ["    rules: []"])].join("\n");
}

function commentsOf(tool: ScaffoldTool, detail: Detail): string[] {
  const description = commentText(tool.description);
  const risk = tool.risk === riskOf(tool.category) ? [] : [`    # Risk: ${tool.risk}`];
  const about = [...(description === "" ? [] : [`    # ${description}`]), ...risk];
  if (detail === "short") return about;
  const shown = tool.parameters.slice(0, shownMax).map(({ name, type, required }) => {
    return `    #   ${commentText(name) || '""'} (${commentText(type)}, ${required ? "required" : "optional"})`;
  });
  const more = tool.parameters.length - shown.length;
  return [...about, ...shown, ...(more > 0 ? [`    #   and ${String(more)} more`] : [])];
}

/** The rule that a tool starts with, by its risk. */
function starter(tool: ScaffoldTool, detail: Detail): string[] {
  const rate = ["    rules:", "      - name: rate limit", "        rate_limit: 30/minute"];
  switch (tool.risk) {
    case "low":
      return ["    rules: []"];
    case "medium":
      return rate;
    case "high":
      return detail === "full" ? [...rate, ...example(tool)] : rate;
    case "critical":
      return ["    rules:", "      - name: ask a person", "        action: require_approval"];
  }
}

/** Conditions to fill in, as a comment that is valid once its `# ` are taken away. */
function example(tool: ScaffoldTool): string[] {
  const conditions = tool.parameters.slice(0, exampleMax).flatMap(({ name, type }) => {
    const path = argumentPath(name);
    return path === null ? [] : [`      #     - { path: ${yamlText(path)}, ${expected(type)} }`];
  });
  if (conditions.length === 0) return [];
  return [
    "      # Fill in what the arguments must be, delete the other lines, and take the number signs away:",
    "      # - name: check arguments",
    "      #   conditions:",
    ...conditions,
  ];
}

/** Operator and value of an example, by the type that the schema gives. */
function expected(type: string): string {
  switch (type) {
    case "string":
      return 'op: in, value: ["…", "…"]';
    case "number":
    case "integer":
      return "op: lte, value: 100";
    case "boolean":
      return "op: eq, value: false";
    case "array":
      return 'op: contains, value: "…"';
    default:
      return "op: exists, value: true";
  }
}
