import type { MethodLine, PolicyDocument, Rule, ToolBlock } from "./document";
import { globalScope } from "./path";
import type { ProblemList } from "./problems";
import { readApproval } from "./read-approval";
import { readRule } from "./read-rule";
import { readTests } from "./read-tests";
import { readList, readMap, readText, readWord, requireEntry } from "./shape";
import type { TreeMap, TreeNode } from "./yaml-tree";

export const documentKeys = ["version", "description", "default", "hide", "tools", "methods", "approvals", "tests"];
export const blockKeys = ["rules"];
const nameMax = 128;

/** Reads the whole document; what is broken is reported and left out, so that the rest is still checked. */
export function readPolicy(problems: ProblemList, root: TreeNode): PolicyDocument | null {
  const map = readMap(problems, root, documentKeys, "a policy: a map with `version` and `tools`");
  if (!map) return null;
  readVersion(problems, map);
  const description = map.entries.get("description")?.value;
  const given = map.entries.get("default")?.value;
  const approvals = map.entries.get("approvals")?.value;
  const tests = map.entries.get("tests")?.value;
  return {
    version: "1",
    description: description ? readText(problems, description, "a text", 2000) : null,
    default: (given && readWord(problems, given, ["deny", "allow"])) ?? "deny",
    defaultGiven: given !== undefined,
    hide: readHide(problems, map),
    tools: readTools(problems, map),
    methods: readMethods(problems, map),
    approvals: approvals ? readApproval(problems, approvals) : null,
    tests: tests ? readTests(problems, tests) : [],
  };
}

function readVersion(problems: ProblemList, map: TreeMap): void {
  const node = requireEntry(problems, map, "version", 'Write `version: "1"`.')?.value;
  const version = node && readText(problems, node, 'the version `"1"`', 20);
  if (node && version && version !== "1") {
    problems.error("version", node, `Version \`${version}\` of the language is not known`, 'Write `version: "1"`.');
  }
}

function readHide(problems: ProblemList, map: TreeMap): PolicyDocument["hide"] {
  const node = map.entries.get("hide")?.value;
  const hidden: { at: string; pattern: string }[] = [];
  const seen = new Set<string>();
  for (const item of (node && readList(problems, node, "a list of tool names")) ?? []) {
    const pattern = readText(problems, item, "a tool name", nameMax);
    if (pattern === null) continue;
    if (seen.has(pattern)) problems.warning("duplicate", item, `\`${pattern}\` is hidden twice`);
    else hidden.push({ at: item.pointer, pattern });
    seen.add(pattern);
  }
  return hidden;
}

function readTools(problems: ProblemList, map: TreeMap): ToolBlock[] {
  const node = map.entries.get("tools")?.value;
  if (!node) return [];
  if (node.kind !== "map") {
    readMap(problems, node, [], "a map of tool names");
    return [];
  }
  const blocks: ToolBlock[] = [];
  for (const [name, { key, value }] of node.entries) {
    if (name === "" || name.length > nameMax)
      problems.error("length", key, `A tool name has 1 to ${nameMax} characters`);
    if (name === globalScope) {
      problems.error("reserved", key, `\`${globalScope}\` stands for the counters of \`"*"\` and cannot be a tool`);
    }
    const block = readMap(problems, value, blockKeys, "a tool: a map with `rules`");
    if (block) blocks.push({ at: key.pointer, name, rules: readRules(problems, block, name) });
  }
  return blocks;
}

function readRules(problems: ProblemList, block: TreeMap, tool: string): Rule[] {
  const node = requireEntry(problems, block, "rules", "To allow every call, write `rules: []`.")?.value;
  const nodes = node && readList(problems, node, "a list of rules");
  const rules: Rule[] = [];
  for (const item of nodes ?? []) {
    const rule = readRule(problems, item, tool);
    if (!rule) continue;
    if (rules.some((known) => known.name === rule.name)) {
      const place = item.kind === "map" ? (item.entries.get("name")?.value ?? item) : item;
      problems.error(
        "duplicate_name",
        place,
        `Another rule of \`${tool}\` is named \`${rule.name}\``,
        "Rule names are unique within a tool.",
      );
    } else rules.push(rule);
  }
  return rules;
}

function readMethods(problems: ProblemList, map: TreeMap): MethodLine[] {
  const node = map.entries.get("methods")?.value;
  if (!node) return [];
  if (node.kind !== "map") {
    readMap(problems, node, [], "a map of method names");
    return [];
  }
  const lines: MethodLine[] = [];
  for (const [pattern, { key, value }] of node.entries) {
    const action = readWord(problems, value, ["allow", "deny"]);
    if (pattern === "tools/call" || pattern === "tools/list") {
      problems.error("value", key, `\`${pattern}\` is governed by \`tools\` and \`hide\`, not by \`methods\``);
    } else if (action) lines.push({ pattern, action });
  }
  return lines;
}
