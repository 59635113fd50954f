import { isDecimal } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import type { Scalar } from "./document";
import { nearest } from "./nearest";
import type { Place, ProblemList } from "./problems";
import type { TreeEntry, TreeMap, TreeNode } from "./yaml-tree";

/** What a node is, in the words of the problems. */
export function wordFor(node: TreeNode): string {
  if (node.kind !== "scalar") return node.kind === "map" ? "a map" : "a list";
  if (node.value === null) return "nothing";
  if (isDecimal(node.value)) return "a number";
  return typeof node.value === "string" ? "a text" : "a boolean";
}

function wrongType(problems: ProblemList, node: TreeNode, wanted: string, hint?: string): null {
  problems.error("type", node, `Expected ${wanted}, found ${wordFor(node)}`, hint);
  return null;
}

/** The node as a map whose every key is known; unknown ones are reported with the nearest known key. */
export function readMap(
  problems: ProblemList,
  node: TreeNode,
  known: readonly string[],
  wanted = "a map",
): TreeMap | null {
  if (node.kind !== "map") return wrongType(problems, node, wanted);
  for (const [name, entry] of node.entries) {
    if (!known.includes(name)) unknownKey(problems, name, entry.key, known);
  }
  return node;
}

function unknownKey(problems: ProblemList, name: string, place: Place, known: readonly string[]): void {
  const close = nearest(name, known);
  const hint = close === null ? `Known keys: ${known.join(", ")}.` : `Did you mean \`${close}\`?`;
  problems.error("unknown_key", place, `Unknown key \`${name.slice(0, 80)}\``, hint);
}

export function readList(problems: ProblemList, node: TreeNode, wanted: string): readonly TreeNode[] | null {
  return node.kind === "list" ? node.items : wrongType(problems, node, wanted);
}

export function readText(problems: ProblemList, node: TreeNode, wanted: string, lengthMax: number): string | null {
  if (node.kind !== "scalar" || typeof node.value !== "string") {
    const number = node.kind === "scalar" && (isDecimal(node.value) || typeof node.value === "boolean");
    return wrongType(problems, node, wanted, number ? "Put it in quotes." : undefined);
  }
  if (node.value.length > 0 && node.value.length <= lengthMax) return node.value;
  problems.error("length", node, `Expected ${wanted} of 1 to ${lengthMax} characters`);
  return null;
}

export function readNumber(problems: ProblemList, node: TreeNode, wanted: string): Decimal | null {
  if (node.kind === "scalar" && isDecimal(node.value)) return node.value;
  const quoted = node.kind === "scalar" && typeof node.value === "string" && /^-?[0-9]/.test(node.value);
  return wrongType(problems, node, wanted, quoted ? "Remove the quotes: a quoted number is a text." : undefined);
}

export function readBoolean(problems: ProblemList, node: TreeNode): boolean | null {
  if (node.kind === "scalar" && typeof node.value === "boolean") return node.value;
  return wrongType(problems, node, "`true` or `false`");
}

/** A scalar of any kind; undefined when it is none, because null is a value. */
export function readScalar(problems: ProblemList, node: TreeNode): Scalar | undefined {
  if (node.kind === "scalar") return node.value;
  wrongType(problems, node, "a text, a number, a boolean or null");
  return undefined;
}

/** One of a few words. */
export function readWord<T extends string>(problems: ProblemList, node: TreeNode, words: readonly T[]): T | null {
  const wanted = words.map((word) => `\`${word}\``).join(" or ");
  if (node.kind !== "scalar" || typeof node.value !== "string") return wrongType(problems, node, wanted);
  const given = node.value;
  const found = words.find((word) => word === given);
  if (found !== undefined) return found;
  const close = nearest(given, words);
  const hint = close === null ? undefined : `Did you mean \`${close}\`?`;
  problems.error("value", node, `Expected ${wanted}, found \`${given.slice(0, 80)}\``, hint);
  return null;
}

/** The entry of a key that must be there; its absence is reported at the map. */
export function requireEntry(problems: ProblemList, map: TreeMap, key: string, why = ""): TreeEntry | null {
  const entry = map.entries.get(key);
  if (entry) return entry;
  problems.error("missing", map, `Missing key \`${key}\``, why === "" ? undefined : why);
  return null;
}
