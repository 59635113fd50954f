import { isNegative } from "@/lib/kernel/decimal";
import type { Condition, CounterBound, Leaf, Scalar } from "./document";
import { nearest } from "./nearest";
import { isOperator, operatorNames, operators } from "./operators";
import type { Operator } from "./operators";
import { parsePath } from "./path";
import type { Path } from "./path";
import { findPatternFault } from "./pattern";
import type { ProblemList } from "./problems";
import { readBoolean, readList, readMap, readNumber, readScalar, readText, readWord, requireEntry } from "./shape";
import { checkFactValue } from "./fact-values";
import type { TreeMap, TreeNode } from "./yaml-tree";

/** Levels of `any`, `all` and `not`. */
const nestingMax = 8;
const pathMax = 512;
const textMax = 4096;
const listMax = 10_000;

export const leafKeys = ["path", "op", "value", "if_absent"];
export const groupKeys = ["any", "all", "not"];

/** A condition list: comparisons that are judged by the call alone, and bounds on counters. */
export interface ReadConditions {
  readonly condition: Condition | null;
  readonly bounds: readonly CounterBound[];
}

/**
 * Reads a list of conditions, all of which must hold. Bounds on counters may stand in the list itself where `bounds` says
 * so: inside `any`, `not` or a guard they would mean that a call counts or not depending on the count.
 */
export function readConditions(problems: ProblemList, node: TreeNode, bounds: "allowed" | "refused"): ReadConditions {
  const nodes = readList(problems, node, "a list of conditions") ?? [];
  if (node.kind === "list" && nodes.length === 0) {
    problems.error("empty", node, "An empty list of conditions always holds", "Remove it, or write a condition.");
  }
  const items: Condition[] = [];
  const found: CounterBound[] = [];
  for (const item of nodes) {
    const condition = readCondition(problems, item, 1, bounds === "allowed" ? found : null);
    if (condition) items.push(condition);
  }
  const [only] = items;
  const condition: Condition | null = items.length > 1 ? { kind: "all", items } : (only ?? null);
  return { condition, bounds: found };
}

function readCondition(
  problems: ProblemList,
  node: TreeNode,
  depth: number,
  bounds: CounterBound[] | null,
): Condition | null {
  const isGroup = node.kind === "map" && groupKeys.some((key) => node.entries.has(key));
  if (isGroup) return readGroup(problems, node, depth);
  const map = readMap(problems, node, leafKeys, "a condition: `{path, op, value}`, `any`, `all` or `not`");
  return map && readLeaf(problems, map, bounds);
}

function readGroup(problems: ProblemList, node: TreeMap, depth: number): Condition | null {
  if (depth > nestingMax) {
    problems.error("depth", node, `Conditions nest at most ${nestingMax} levels`);
    return null;
  }
  readMap(problems, node, groupKeys);
  const [first, second] = [...node.entries].filter(([key]) => groupKeys.includes(key));
  if (second)
    problems.error("exclusive", second[1].key, `\`${second[0]}\` beside \`${first?.[0]}\`: write one per condition`);
  if (!first) return null;
  const [key, { value }] = first;
  if (key === "not") {
    const item = readCondition(problems, value, depth + 1, null);
    return item && { kind: "not", item };
  }
  const nodes = readList(problems, value, "a list of conditions");
  if (nodes?.length === 0) problems.error("empty", value, `\`${key}\` needs at least one condition`);
  const items = (nodes ?? []).map((item) => readCondition(problems, item, depth + 1, null));
  return { kind: key === "any" ? "any" : "all", items: items.filter((item) => item !== null) };
}

function readLeaf(problems: ProblemList, map: TreeMap, bounds: CounterBound[] | null): Leaf | null {
  const pathNode = requireEntry(problems, map, "path")?.value;
  const opNode = requireEntry(problems, map, "op")?.value;
  const valueNode = requireEntry(problems, map, "value")?.value;
  const path = pathNode ? readPath(problems, pathNode) : null;
  const op = opNode ? readOperator(problems, opNode) : null;
  if (path?.root === "state") {
    readBound(problems, map, path, op, bounds);
    return null;
  }
  const value = op && valueNode ? readValue(problems, valueNode, op) : undefined;
  const ifAbsent = readIfAbsent(problems, map, op);
  if (!path || !op || value === undefined) return null;
  if (valueNode) checkFactValue(problems, valueNode, { path, op, value });
  return { kind: "leaf", at: map.pointer, path, op, value, ifAbsent };
}

/** A path in its place; problems carry the grammar's own words. */
export function readPath(problems: ProblemList, node: TreeNode): Path | null {
  const text = readText(problems, node, "a path such as `args.amount`", pathMax);
  if (text === null) return null;
  const result = parsePath(text);
  if (result.ok) return result.path;
  problems.error(result.code, node, result.message, result.hint);
  return null;
}

function readOperator(problems: ProblemList, node: TreeNode): Operator | null {
  const text = readText(problems, node, "an operator", 40);
  if (text === null || isOperator(text)) return text;
  const spellings: Record<string, Operator> = {
    "==": "eq",
    "=": "eq",
    "!=": "neq",
    ne: "neq",
    "<": "lt",
    "<=": "lte",
    ">": "gt",
    ">=": "gte",
  };
  const close = Object.hasOwn(spellings, text) ? spellings[text] : nearest(text, operatorNames);
  const hint = close ? `Did you mean \`${close}\`?` : `Operators: ${operatorNames.join(", ")}.`;
  problems.error("operator", node, `Unknown operator \`${text}\``, hint);
  return null;
}

function readIfAbsent(problems: ProblemList, map: TreeMap, op: Operator | null): Leaf["ifAbsent"] {
  const entry = map.entries.get("if_absent");
  if (!entry) return "restrict";
  if (op === "exists")
    problems.error("exclusive", entry.key, "`exists` already speaks about absence; remove `if_absent`");
  return readWord(problems, entry.value, ["restrict", "skip"]) ?? "restrict";
}

function readValue(problems: ProblemList, node: TreeNode, op: Operator): Scalar | readonly Scalar[] | undefined {
  switch (operators[op]) {
    case "scalar":
      return readScalar(problems, node);
    case "list":
      return readValues(problems, node);
    case "number":
      return readNumber(problems, node, `a number for \`${op}\``) ?? undefined;
    case "boolean":
      return readBoolean(problems, node) ?? undefined;
    case "text":
      return readText(problems, node, `a text for \`${op}\``, textMax) ?? undefined;
    case "pattern":
      return readPattern(problems, node);
  }
}

function readValues(problems: ProblemList, node: TreeNode): readonly Scalar[] | undefined {
  const nodes = readList(problems, node, "a list of values");
  if (!nodes) return undefined;
  if (nodes.length === 0) problems.error("empty", node, "An empty list has no member to compare with");
  if (nodes.length > listMax) problems.error("length", node, `A list has at most ${listMax} values`);
  const values = nodes.map((item) => readScalar(problems, item));
  return values.filter((value) => value !== undefined);
}

function readPattern(problems: ProblemList, node: TreeNode): string | undefined {
  const pattern = readText(problems, node, "a pattern for `regex`", textMax);
  const fault = pattern === null ? null : findPatternFault(pattern);
  if (fault !== null) problems.error("regex", node, fault, "Patterns are RE2: no look-around, no back-references.");
  return fault === null ? (pattern ?? undefined) : undefined;
}

function readBound(
  problems: ProblemList,
  map: TreeMap,
  path: Path,
  op: Operator | null,
  bounds: CounterBound[] | null,
): void {
  const entry = map.entries.get("value");
  const max = entry ? readNumber(problems, entry.value, "the counter's limit, a number") : null;
  const absent = map.entries.get("if_absent");
  if (absent) problems.error("exclusive", absent.key, "A counter is never absent; remove `if_absent`");
  if (bounds === null) {
    problems.error(
      "state_place",
      map,
      "A limit on a counter stands directly in `conditions`, not inside a group or a guard",
    );
    return;
  }
  if (op === null || max === null || !entry) return;
  if (op !== "lte" && op !== "lt") {
    const place = map.entries.get("op")?.value ?? map;
    problems.error("state_operator", place, `A counter is limited with \`lte\` or \`lt\`, not \`${op}\``);
    return;
  }
  if (isNegative(max)) {
    problems.error("value", entry.value, "A counter starts at 0, so its limit cannot be negative");
    return;
  }
  const [tool, counter] = path.steps.map((step) => (step.kind === "key" ? step.key : ""));
  bounds.push({ at: map.pointer, tool: tool ?? "", counter: counter ?? "", max, inclusive: op === "lte" });
}
