import { compare, isDecimal } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import type { Scalar } from "./document";

/** A part of a document as it is going to be written: exact values, keys in their order, and where lines may be joined. */
export type TextNode = TextScalar | TextList | TextMap;
export interface TextScalar {
  readonly kind: "scalar";
  readonly value: Scalar;
}
export interface TextList {
  readonly kind: "list";
  readonly items: readonly TextNode[];
  /** True: every item stands on lines of its own. Otherwise the whole is one line where it fits. */
  readonly block: boolean;
  /** After an edit: per item its place before, null = new. Not given: found by comparing. */
  readonly was?: readonly (number | null)[];
}
export interface TextMap {
  readonly kind: "map";
  readonly entries: readonly TextEntry[];
  readonly block: boolean;
  /** Whether larger entries are set apart by a blank line. */
  readonly spaced: boolean;
  /** Whether the order of the entries is part of the document. */
  readonly ordered?: boolean;
}
export interface TextEntry {
  readonly key: string;
  /** After an edit: the key before. */
  readonly was?: string;
  readonly value: TextNode;
}

/** What may stand for a node: entries without a value are left out. */
type Given = TextNode | Scalar | undefined;

function nodeOf(given: Exclude<Given, undefined>): TextNode {
  const plain = given === null || typeof given !== "object" || isDecimal(given);
  return plain ? { kind: "scalar", value: given } : given;
}

function entriesOf(entries: readonly (readonly [string, Given])[]): TextEntry[] {
  return entries.flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: nodeOf(value) }]));
}

/** A map on one line where it fits. */
export function lineMap(entries: readonly (readonly [string, Given])[]): TextMap {
  return { kind: "map", entries: entriesOf(entries), block: false, spaced: false };
}

/** A map with a line per entry. */
export function blockMap(entries: readonly (readonly [string, Given])[], spaced = false): TextMap {
  return { kind: "map", entries: entriesOf(entries), block: true, spaced };
}

export function lineList(items: readonly (TextNode | Scalar)[]): TextList {
  return { kind: "list", items: items.map(nodeOf), block: false };
}

export function blockList(items: readonly TextNode[]): TextList {
  return { kind: "list", items, block: true };
}

/** A value of a call, as it stands in tests. */
export function valueNode(value: Value): TextNode {
  if (value === null || typeof value !== "object" || isDecimal(value)) return { kind: "scalar", value };
  if (value instanceof Map) {
    return lineMap([...(value as ReadonlyMap<string, Value>)].map(([key, item]) => [key, valueNode(item)]));
  }
  return lineList((value as readonly Value[]).map(valueNode));
}

export function isEmptyNode(node: TextNode): boolean {
  return node.kind === "list" ? node.items.length === 0 : node.kind === "map" && node.entries.length === 0;
}

/** The value of a key; undefined when it is not there or the node is no map. */
export function entryOf(node: TextNode | undefined, key: string): TextNode | undefined {
  return node?.kind === "map" ? node.entries.find((entry) => entry.key === key)?.value : undefined;
}

/** Equal in everything that a reader of the text learns; layout and the order of keys do not count. */
export function isSameNode(a: TextNode | undefined, b: TextNode | undefined): boolean {
  if (a === b) return true;
  if (!a || !b) return false;
  if (a.kind === "scalar") return b.kind === "scalar" && isSameScalar(a.value, b.value);
  if (a.kind === "list") {
    return (
      b.kind === "list" &&
      a.items.length === b.items.length &&
      a.items.every((item, index) => isSameNode(item, b.items[index]))
    );
  }
  if (b.kind !== "map" || a.entries.length !== b.entries.length) return false;
  const others = new Map(b.entries.map((entry) => [entry.key, entry.value]));
  return a.entries.every((entry) => isSameNode(entry.value, others.get(entry.key)));
}

export function isSameScalar(a: Scalar, b: Scalar): boolean {
  return isDecimal(a) ? isDecimal(b) && compare(a, b) === 0 : a === b;
}
