import { checkPolicy } from "./check";
import { checkDocument } from "./check-document";
import type { PolicyDocument, Rule, ToolBlock } from "./document";
import { hostedRules, shown } from "./hosted-rules";
import type { HostedImport } from "./hosted-rules";
import { findPlace } from "./parse";
import { readList, readMap, readText, readWord, requireEntry } from "./shape";
import { writePolicy } from "./to-yaml";
import type { Problem } from "./types";
import { readTree } from "./yaml-tree";
import type { TreeMap, TreeNode } from "./yaml-tree";

export const hostedKeys = ["description", "default", "hide", "all_tools", "tools"];
export const hostedToolKeys = ["require", "deny_if", "limits"];
export const hostedEverywhereKeys = ["limits"];

export type ImportResult =
  | { readonly ok: true; readonly text: string; readonly notes: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * A policy in the JSON shape of the hosted product → text of this language that passes every check. `require` becomes
 * `evaluate`, `deny_if` becomes `deny` with `when`, `limits` become `limit`; `notes` say what was decided where the input
 * leaves it open. Unknown keys, duplicate keys and numbers out of range are refused, with their places in the input. A
 * document that has a `version` is of this language already and comes back as it is.
 */
export function importHosted(text: string): ImportResult {
  const { root, problems } = readTree(text);
  if (root?.kind === "map" && root.entries.has("version")) return acceptOwn(text);
  if (!root) {
    if (!problems.hasErrors) problems.error("empty", { pointer: "", offset: 0 }, "The document is empty");
    return { ok: false, problems: problems.sorted() };
  }
  const to: HostedImport = { problems, notes: new Set() };
  const document = readHosted(to, root);
  if (document && !problems.hasErrors) checkDocument(document, problems, (pointer) => findPlace(root, pointer));
  if (!document || problems.hasErrors) {
    return { ok: false, problems: problems.sorted().filter((problem) => problem.severity === "error") };
  }
  const written = writePolicy(document);
  const left = checkPolicy(written).filter((problem) => problem.severity === "error");
  return left.length > 0 ? { ok: false, problems: left } : { ok: true, text: written, notes: [...to.notes] };
}

function acceptOwn(text: string): ImportResult {
  const problems = checkPolicy(text).filter((problem) => problem.severity === "error");
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, text, notes: ["The document is of this language already; nothing was changed."] };
}

function readHosted(to: HostedImport, root: TreeNode): PolicyDocument | null {
  const { problems, notes } = to;
  const map = readMap(problems, root, hostedKeys, "a policy: a map with `default`, `hide` and `tools`");
  if (!map) return null;
  const given = map.entries.get("default")?.value;
  const word = given ? readWord(problems, given, ["deny", "allow"]) : null;
  if (!given) notes.add("`default` is not given: tools that are not listed are denied.");
  const description = map.entries.get("description")?.value;
  const everywhere = map.entries.get("all_tools")?.value;
  const everyTool = everywhere ? readEverywhere(to, everywhere) : null;
  return {
    version: "1",
    description: description ? readText(problems, description, "a text", 2000) : null,
    default: word ?? "deny",
    defaultGiven: true,
    hide: readHide(to, map),
    tools: [...readTools(to, map), ...(everyTool ? [everyTool] : [])],
    methods: [],
    approvals: null,
    tests: [],
  };
}

function readHide({ problems }: HostedImport, map: TreeMap): PolicyDocument["hide"] {
  const node = map.entries.get("hide")?.value;
  const names = (node && readList(problems, node, "a list of tool names")) ?? [];
  return names.flatMap((item) => {
    const pattern = readText(problems, item, "a tool name", 128);
    return pattern === null ? [] : [{ at: item.pointer, pattern }];
  });
}

/** `all_tools` speaks about every call, as `"*"` does; it lists no tool. */
function readEverywhere(to: HostedImport, node: TreeNode): ToolBlock | null {
  const map = readMap(to.problems, node, hostedEverywhereKeys, "a map with `limits`");
  const limits = map && requireEntry(to.problems, map, "limits");
  if (!limits) return null;
  const rules = hostedRules(to, limits.value, "limits", { tool: "*", names: new Set() });
  if (rules.length > 0) to.notes.add('`all_tools` became the rules of `"*"`.');
  return rules.length > 0 ? { at: node.pointer, name: "*", rules } : null;
}

function readTools(to: HostedImport, map: TreeMap): ToolBlock[] {
  const node = map.entries.get("tools")?.value;
  if (!node) return [];
  if (node.kind !== "map") {
    readMap(to.problems, node, [], "a map of tool names");
    return [];
  }
  const blocks: ToolBlock[] = [];
  for (const [name, { key, value }] of node.entries) {
    const block = readMap(to.problems, value, hostedToolKeys, "a tool: a map with `require`, `deny_if` and `limits`");
    if (!block) continue;
    const rules = readToolRules(to, block, name);
    if (rules.length === 0) to.notes.add(`${shown(name)} has no rules: every call is allowed.`);
    blocks.push({ at: key.pointer, name, rules });
  }
  return blocks;
}

function readToolRules(to: HostedImport, block: TreeMap, tool: string): Rule[] {
  const names = new Set<string>();
  return (["require", "deny_if", "limits"] as const).flatMap((list) => {
    const node = block.entries.get(list)?.value;
    return node ? hostedRules(to, node, list, { tool, names }) : [];
  });
}
