import { isDecimal, toText } from "@/lib/kernel/decimal";
import type { Scalar } from "./document";
import { isEmptyNode } from "./text-node";
import type { TextEntry, TextList, TextMap, TextNode } from "./text-node";

/** Columns that one line of joined nodes may take. */
const widthMax = 110;

/** YAML lets a key stand without `?` up to 1,024 characters. */
const keyMax = 1000;

/** What readers of YAML 1.1 or 1.2 take for a boolean, null or a number although it looks like a word. */
const words = /^(y|n|yes|no|on|off|true|false|null|nan|inf|infinity)$/i;

/** Safe without quotes in every place: a letter first, then nothing that could end or begin something. */
const plain = /^\p{L}(?:[\p{L}\p{N} _.()/$%+;=-]*[\p{L}\p{N}_.()/$%+;=-])?$/u;

/** Rates and durations begin with a digit, but no reader takes them for a number. */
const rate = /^[0-9]{1,15}\/[a-z]+$|^[1-9][0-9]{0,6}[smhd]$/;

/** A text as one YAML scalar on one line, in quotes whenever a reader could take it for something else. */
export function textScalar(text: string): string {
  const bare = (plain.test(text) && !words.test(text)) || rate.test(text);
  return bare ? text : quoted(text);
}

/** In double quotes, as JSON and YAML both read it; what editors do not show is escaped. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A scalar as YAML; numbers exactly. */
export function scalarText(value: Scalar): string {
  if (typeof value === "string") return textScalar(value);
  return isDecimal(value) ? toText(value) : String(value);
}

/** The whole node on one line. `json` quotes every key and text. */
export function flowText(node: TextNode, json = false): string {
  switch (node.kind) {
    case "scalar":
      return json && typeof node.value === "string" ? quoted(node.value) : scalarText(node.value);
    case "list":
      return `[${node.items.map((item) => flowText(item, json)).join(", ")}]`;
    case "map": {
      const entries = node.entries.map((entry) => flowEntry(entry, json));
      return entries.length > 0 ? `{ ${entries.join(", ")} }` : "{}";
    }
  }
}

export function flowEntry({ key, value }: TextEntry, json = false): string {
  return `${flowKey(key, json)}: ${flowText(value, json)}`;
}

function flowKey(key: string, json: boolean): string {
  return json ? quoted(key) : keyText(key);
}

/** A key; a very long one needs `?` to be read as one. */
export function keyText(key: string): string {
  const text = textScalar(key);
  return text.length > keyMax ? `? ${text} ` : text;
}

/**
 * The node on lines of its own. The first line has no indentation, all others have `column` spaces; no line break at the
 * end. A node that has no lines of its own gives one line.
 */
export function blockText(node: TextNode, column: number): string {
  if (node.kind === "scalar" || isEmptyNode(node)) return flowText(node);
  return node.kind === "list" ? blockItems(node, column) : blockEntries(node, column);
}

function blockItems(node: TextList, column: number): string {
  return node.items.map((item) => `- ${itemText(item, column)}`).join(`\n${" ".repeat(column)}`);
}

/** What follows the `- ` of an item at `column`. */
export function itemText(item: TextNode, column: number): string {
  return isInline(item, column + 2) ? flowText(item) : blockText(item, column + 2);
}

function blockEntries(node: TextMap, column: number): string {
  let [text, before] = ["", 0];
  for (const [index, entry] of node.entries.entries()) {
    const written = entryText(entry, column);
    const lines = written.split("\n", 4).length;
    const apart = node.spaced && (lines > 2 || before > 2);
    if (index > 0) text += `\n${apart ? "\n" : ""}${" ".repeat(column)}`;
    text += written;
    before = lines;
  }
  return text;
}

/** One entry of a block map whose keys stand at `column`. */
export function entryText({ key, value }: TextEntry, column: number): string {
  const written = textScalar(key);
  if (written.length > keyMax) return `? ${written}\n${" ".repeat(column)}:${valueText(value, column, 0)}`;
  return `${written}:${valueText(value, column, written.length)}`;
}

/** What follows the colon of a key at `column`, with the space or line break that belongs there. */
export function valueText(value: TextNode, column: number, keyLength: number): string {
  if (isInline(value, column + keyLength + 2)) return ` ${flowText(value)}`;
  return `\n${" ".repeat(column + 2)}${blockText(value, column + 2)}`;
}

/** Whether a node stands on the line of its key, which leaves it the columns from `column` on. */
export function isInline(node: TextNode, column: number): boolean {
  if (node.kind === "scalar" || isEmptyNode(node)) return true;
  return !hasBlock(node) && column + flowText(node).length <= widthMax;
}

function hasBlock(node: TextNode): boolean {
  if (node.kind === "scalar") return false;
  const inner = node.kind === "list" ? node.items : node.entries.map((entry) => entry.value);
  // `not` of a single comparison is a block map by kind, and still reads best on one line.
  if (node.kind === "map" && node.entries.length === 1 && node.entries[0]?.key === "not") return inner.some(hasBlock);
  return node.block || inner.some(hasBlock);
}
