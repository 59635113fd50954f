import type { PolicyDocument, PolicyTest } from "./document";
import { documentNode } from "./document-node";
import { parsePolicy } from "./parse";
import { locate, sourceEntry } from "./source-tree";
import type { SourceCollection, SourceItem, SourceNode } from "./source-tree";
import { blockList, entryOf } from "./text-node";
import type { TextNode } from "./text-node";
import type { Problem } from "./types";
import { blockText, flowText, itemText } from "./yaml-text";

/** The text with the test in it and the line where the test stands; or why it cannot be added. */
export type AddResult = { ok: true; text: string; line: number } | { ok: false; problems: readonly Problem[] };

/** Replaces the characters from `from` up to `to`. */
interface Splice {
  from: number;
  to: number;
  text: string;
}

/**
 * Adds a test as the last one of `tests:`. Nothing else of the text changes: comments, order and layout stay as they are. A name
 * that another test has gets a number behind it. A text with errors is left alone, with its problems.
 */
export function addTest(text: string, test: PolicyTest): AddResult {
  const parsed = parsePolicy(text);
  const root = parsed.ok ? locate(text) : null;
  if (!parsed.ok || root?.kind !== "map") return { ok: false, problems: parsed.problems };
  const named = { ...test, name: freeName(test.name, parsed.document) };
  const splice = spliceFor(text, root, testNode(named, parsed.document));
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const added = splice.text.replaceAll("\n", newline);
  const next = text.slice(0, splice.from) + added + text.slice(splice.to);
  const read = parsePolicy(next);
  if (!read.ok) return { ok: false, problems: read.problems };
  const last = read.document.tests.at(-1);
  return { ok: true, text: next, line: last ? read.source.positionOf(last.at).line : 1 };
}

function freeName(name: string, { tests }: PolicyDocument): string {
  const isTaken = (wanted: string): boolean => tests.some((test) => test.name === wanted);
  if (!isTaken(name)) return name;
  for (let number = 2; ; number += 1) {
    const wanted = `${name} (${String(number)})`;
    if (!isTaken(wanted)) return wanted;
  }
}

function testNode(test: PolicyTest, document: PolicyDocument): TextNode {
  const tests = entryOf(documentNode({ ...document, tests: [test] }), "tests");
  return (tests?.kind === "list" ? tests.items[0] : undefined) ?? blockList([]);
}

function spliceFor(text: string, root: SourceCollection, node: TextNode): Splice {
  const entry = sourceEntry(root, "tests");
  if (root.style === "flow") return intoFlow(root, entry, node);
  const column = columnOf(text, root.items[0]?.start ?? root.start);
  const indent = " ".repeat(column + 2);
  const items = `\n${indent}${blockText(blockList([node]), column + 2)}`;
  if (!entry) {
    const key = `${" ".repeat(column)}tests:${items}\n`;
    return atEnd(text, root, key);
  }
  const { value } = entry;
  if (value?.kind === "list" && value.style === "flow" && value.items.length > 0)
    return afterItem(value, flowText(node));
  if (value?.kind === "list" && value.style === "block") {
    const at = columnOf(text, value.start);
    return insert(endOfLine(text, value.end), `\n${" ".repeat(at)}- ${itemText(node, at)}`);
  }
  // `tests: []`; a comment behind it stays on its line.
  const behind = value?.end ?? entry.valueFrom;
  const to = endOfLine(text, behind);
  return { from: entry.valueFrom, to, text: text.slice(behind, to) + items };
}

/** Into a document in braces, which JSON is. */
function intoFlow(root: SourceCollection, entry: SourceItem | undefined, node: TextNode): Splice {
  const written = flowText(node, true);
  const value: SourceNode | null = entry?.value ?? null;
  if (value?.kind === "list" && value.items.length > 0) return afterItem(value, written);
  if (value && entry) return { from: entry.valueFrom, to: value.end, text: ` [${written}]` };
  return afterItem(root, `"tests": [${written}]`);
}

function afterItem(list: SourceCollection, written: string): Splice {
  return insert(list.items.at(-1)?.end ?? list.start + 1, `, ${written}`);
}

/** Behind everything, comments included; before a mark that ends the document. */
function atEnd(text: string, root: SourceCollection, key: string): Splice {
  if (/^\.\.\./m.test(text.slice(root.end))) {
    return insert(endOfLine(text, root.end), `\n\n${key.slice(0, -1)}`);
  }
  const gap = text.endsWith("\n\n") ? "" : text.endsWith("\n") ? "\n" : "\n\n";
  return insert(text.length, gap + key);
}

function insert(at: number, text: string): Splice {
  return { from: at, to: at, text };
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf("\n", offset - 1) + 1);
}

/** Where the line of an offset ends, so that a comment behind a value stays with it. */
function endOfLine(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  if (end < 0) return text.length;
  return text[end - 1] === "\r" && end > offset ? end - 1 : end;
}
