import type { PolicyDocument, Rule, ToolBlock } from "./document";
import { documentNode, isSamePolicy, isSameRule } from "./document-node";
import type { RuleSpelling } from "./document-node";
import { toDocument } from "./from-model";
import type { PolicyModel, ToolNode } from "./model";
import { parsePolicy } from "./parse";
import { patchText } from "./source-patch";
import type { Alignment } from "./source-patch";
import { locate, sourceEntry } from "./source-tree";
import type { SourceItem, SourceNode } from "./source-tree";
import type { TextEntry, TextMap } from "./text-node";
import { ruleId, toolId } from "./to-model";
import { writePolicy } from "./to-yaml";
import type { Problem } from "./types";

/** When it is refused, `text` is what the edit would have made, which `problems` point into. */
export type EditResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly text: string };

/**
 * Writes an edited model into the text that it was made from. Only what differs is rewritten: comments, order of keys,
 * quotes and blank lines elsewhere keep every byte, and a model that says what the text says gives the very same text.
 * The result always reads as `toDocument(model)`, which is checked; the same edit again changes nothing. Refused when the
 * text or the result has errors.
 */
export function editPolicy(text: string, model: PolicyModel): EditResult {
  const read = parsePolicy(text);
  if (!read.ok) return { ok: false, problems: read.problems, text };
  const wanted = toDocument(model);
  if (isSamePolicy(read.document, wanted)) return { ok: true, text };
  const pairs = pairTools(read.document, wanted, model);
  const edited = patch(text, read.document, { wanted, pairs, wholeRules: false });
  const check = parsePolicy(edited);
  if (check.ok && isSamePolicy(check.document, wanted)) return { ok: true, text: edited };
  return rewrite(text, read.document, { wanted, pairs, wholeRules: true }, edited);
}

/** Where a part-by-part edit does not read as wanted (two spellings met, for example), larger parts are written afresh. */
function rewrite(text: string, document: PolicyDocument, edit: Edit, edited: string): EditResult {
  const plain = writePolicy(edit.wanted);
  const check = parsePolicy(plain);
  if (!check.ok) {
    const { problems } = parsePolicy(edited);
    const refused = problems.some((problem) => problem.severity === "error");
    return refused ? { ok: false, problems, text: edited } : { ok: false, problems: check.problems, text: plain };
  }
  const coarse = patch(text, document, edit);
  const again = parsePolicy(coarse);
  return { ok: true, text: again.ok && isSamePolicy(again.document, check.document) ? coarse : plain };
}

interface Edit {
  readonly wanted: PolicyDocument;
  readonly pairs: readonly ToolPair[];
  /** Rules that change are written afresh. */
  readonly wholeRules: boolean;
}

function patch(text: string, document: PolicyDocument, { wanted, pairs, wholeRules }: Edit): string {
  const root = locate(text);
  if (!root || root.kind === "scalar") return text;
  const spellings = readSpellings(root, document);
  for (const { before, after, rules } of pairs) {
    for (const [index, rule] of after.rules.entries()) {
      const was = before?.rules[rules[index] ?? -1];
      const spelling = was && spellings.get(was);
      if (spelling) spellings.set(rule, spelling);
    }
  }
  const old = documentNode(document, spellings);
  const next = withOrigins(documentNode(wanted, spellings), pairs);
  const edited = patchText({ text, json: root.style === "flow", wholeRules }, root, old, next);
  return text.includes("\r\n") ? edited.replace(/\r?\n/g, "\r\n") : edited;
}

/** A block after the edit with the one that it was before, and the same for its rules. */
interface ToolPair {
  readonly before: ToolBlock | null;
  readonly after: ToolBlock;
  readonly rules: Alignment;
}

/** Blocks of the same name first, then those that were renamed, by their id. */
function pairTools(document: PolicyDocument, wanted: PolicyDocument, model: PolicyModel): readonly ToolPair[] {
  const nodes = model.tools.filter((tool) => tool.listed);
  const free = new Set(document.tools);
  const take = (test: (block: ToolBlock) => boolean): ToolBlock | null => {
    const found = [...free].find(test) ?? null;
    if (found) free.delete(found);
    return found;
  };
  const same = wanted.tools.map((after) => take((block) => block.name === after.name));
  return wanted.tools.map((after, index): ToolPair => {
    const node = nodes[index];
    const before = same[index] ?? take((block) => toolId(block.name) === node?.id);
    return { before, after, rules: before && node ? pairRules(before, node, after) : after.rules.map(() => null) };
  });
}

/** The same rule first, then the same id, then the same name. */
function pairRules(before: ToolBlock, node: ToolNode, after: ToolBlock): Alignment {
  const free = new Set(before.rules);
  const take = (test: (rule: Rule) => boolean): number | null => {
    const rule = [...free].find(test);
    if (!rule) return null;
    free.delete(rule);
    return before.rules.indexOf(rule);
  };
  const same = after.rules.map((rule) => take((known) => isSameRule(known, rule)));
  const byId = same.map(
    (pair, index) => pair ?? take(({ name }) => ruleId(before.name, name) === node.rules[index]?.id),
  );
  return byId.map((pair, index) => pair ?? take(({ name }) => name === after.rules[index]?.name));
}

/** How the rules of a text spell what can be spelled in two ways. */
function readSpellings(root: SourceNode, document: PolicyDocument): Map<Rule, RuleSpelling> {
  const spellings = new Map<Rule, RuleSpelling>();
  const tools = sourceEntry(root, "tools")?.value;
  for (const block of document.tools) {
    const rules = sourceEntry(sourceEntry(tools, block.name)?.value, "rules")?.value;
    for (const [index, rule] of block.rules.entries()) {
      spellings.set(rule, readSpelling(itemsOf(rules)[index]?.value ?? null, rule.action === "require_approval"));
    }
  }
  return spellings;
}

function readSpelling(source: SourceNode | null, holds: boolean): RuleSpelling {
  const conditions = sourceEntry(source, "conditions")?.value;
  const guard = holds && conditions ? "conditions" : "when";
  const order = itemsOf(conditions).map((item) => (isBound(item.value) ? "bound" : "condition"));
  const wrapped = { guard: isWrapped(sourceEntry(source, guard)?.value), conditions: isWrapped(conditions) };
  const timeout = sourceEntry(source, "approval_timeout") ? "alone" : "inside";
  return { guard, order, timeout, wrapped };
}

/** Whether a condition list holds one `all` with several members. */
function isWrapped(list: SourceNode | null | undefined): boolean {
  const conditions = itemsOf(list).filter((item) => !isBound(item.value));
  return conditions.length === 1 && itemsOf(sourceEntry(conditions[0]?.value, "all")?.value).length > 1;
}

function itemsOf(node: SourceNode | null | undefined): readonly SourceItem[] {
  return node && node.kind !== "scalar" ? node.items : [];
}

function isBound(node: SourceNode | null): boolean {
  const path = sourceEntry(node, "path")?.value;
  return path?.kind === "scalar" && /^state[.[]/.test(path.text);
}

/** Notes with each block and rule what it was before the edit. */
function withOrigins(root: TextMap, pairs: readonly ToolPair[]): TextMap {
  const entries = root.entries.map((entry): TextEntry => {
    if (entry.key !== "tools" || entry.value.kind !== "map") return entry;
    const tools = entry.value.entries.map((tool, index) => toolWithOrigin(tool, pairs[index]));
    return { ...entry, value: { ...entry.value, entries: tools } };
  });
  return { ...root, entries };
}

function toolWithOrigin(tool: TextEntry, pair: ToolPair | undefined): TextEntry {
  if (!pair?.before || tool.value.kind !== "map") return tool;
  const was = pair.rules;
  const entries = tool.value.entries.map((entry) =>
    entry.value.kind === "list" ? { ...entry, value: { ...entry.value, was } } : entry,
  );
  return { ...tool, was: pair.before.name, value: { ...tool.value, entries } };
}
