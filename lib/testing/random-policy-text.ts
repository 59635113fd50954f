import { isDecimal, toText } from "@/lib/kernel/decimal";
import type { PolicyDocument, Scalar } from "@/lib/policy/document";
import { documentNode } from "@/lib/policy/document-node";
import type { TextEntry, TextList, TextMap, TextNode } from "@/lib/policy/text-node";
import { readPlain } from "@/lib/policy/yaml-scalar";
import type { Tape } from "./random-tape";

/** How one text is written throughout. */
interface Layout {
  readonly tape: Tape;
  readonly indent: number;
  readonly json: boolean;
  /** 0 = no comments, blank lines or line breaks where none are needed. */
  readonly noise: number;
}

const scalar = (value: Scalar): TextNode => ({ kind: "scalar", value });

/** One of the many ways to write a document: flow or block, any quotes, comments, blank lines, keys in any order. */
export function layOut(document: PolicyDocument, tape: Tape): string {
  const json = tape.once(8);
  const layout = { tape, json, indent: json ? 2 : tape.pick([2, 4, 1, 3]), noise: json ? 0 : tape.below(3) };
  const root = respell(documentNode(document), layout, []);
  if (json) return `${flow(root, layout)}\n`;
  const head = tape.once(3) ? "# about this policy\n\n" : tape.once(9) ? "---\n" : "";
  const tail = tape.once(3) ? "\n\n# the end\n" : tape.once(3) ? "" : "\n";
  const text = `${head}${block(root, 0, layout)}${tail}`;
  return tape.once(9) ? text.replaceAll("\n", "\r\n") : text;
}

/** Other spellings of the same meaning, and other orders of keys where order means nothing. */
function respell(node: TextNode, layout: Layout, at: readonly string[]): TextNode {
  const { tape } = layout;
  if (node.kind === "scalar") return node;
  if (node.kind === "list") {
    const key = at.at(-1) ?? "";
    const items = node.items.map((item) => respell(item, layout, [...at, "0"]));
    const wrap = (key === "when" || key === "conditions") && !items.some(isBound) && items.length > 1 && tape.once(4);
    const all: TextNode = { ...lineMapOf([["all", { kind: "list", items, block: true }]]), block: true };
    return { ...node, items: wrap ? [all] : key === "conditions" ? interleave(items, tape) : items };
  }
  let entries = node.entries.map(({ key, value }) => ({ key, value: respell(value, layout, [...at, key]) }));
  const isRule = at.length === 4 && at[0] === "tools";
  if (isRule) entries = respellRule(entries, tape);
  const ordered = (at.length === 1 && (at[0] === "tools" || at[0] === "methods")) || !tape.once(4);
  return { ...node, entries: ordered ? entries : rotate(entries, tape) };
}

function lineMapOf(entries: [string, TextNode][]): TextMap {
  return { kind: "map", entries: entries.map(([key, value]) => ({ key, value })), block: false, spaced: false };
}

function isBound(node: TextNode): boolean {
  const path = node.kind === "map" ? node.entries.find((entry) => entry.key === "path")?.value : undefined;
  return path?.kind === "scalar" && typeof path.value === "string" && path.value.startsWith("state");
}

/** Bounds on counters anywhere among the conditions; each kind keeps its own order. */
function interleave(items: readonly TextNode[], tape: Tape): TextNode[] {
  const [bounds, others] = [items.filter(isBound), items.filter((item) => !isBound(item))];
  const mixed: TextNode[] = [];
  while (bounds.length > 0 || others.length > 0) {
    const next = (others.length === 0 || (bounds.length > 0 && tape.once(3)) ? bounds : others).shift();
    if (next) mixed.push(next);
  }
  return mixed;
}

function respellRule(entries: readonly TextEntry[], tape: Tape): TextEntry[] {
  const held = entries.some(({ value }) => value.kind === "scalar" && value.value === "require_approval");
  const has = (key: string): boolean => entries.some((entry) => entry.key === key);
  const found = entries.map((entry): TextEntry => {
    if (held && entry.key === "when" && tape.once(3)) return { ...entry, key: "conditions" };
    const { value } = entry;
    const timeout = value.kind === "map" && value.entries.length === 1 && value.entries[0]?.key === "timeout";
    const [only] = timeout ? value.entries : [];
    return entry.key === "approval" && only && tape.once(2) ? { key: "approval_timeout", value: only.value } : entry;
  });
  if (!has("mode") && tape.once(5)) found.push({ key: "mode", value: scalar("enforce") });
  if (!has("action") && tape.once(5)) found.push({ key: "action", value: scalar("evaluate") });
  const counts = has("rate_limit") || has("limit") || has("state");
  if (counts && !has("on_tool_error") && tape.once(5)) found.push({ key: "on_tool_error", value: scalar("void") });
  return found;
}

function rotate<T>(items: readonly T[], tape: Tape): T[] {
  const by = tape.below(Math.max(items.length, 1));
  return [...items.slice(by), ...items.slice(0, by)];
}

function comment({ tape, noise }: Layout): string {
  if (noise === 0 || !tape.once(5)) return "";
  return tape.pick([" # a note", "   # one: more", " #"]);
}

/** Lines between two entries: comments at the entries' column or elsewhere, blank lines. */
function between(column: number, { tape, noise }: Layout): string {
  if (noise === 0 || !tape.once(4)) return "";
  const pad = " ".repeat(column);
  return tape.pick([
    `\n${pad}# about what follows`,
    "\n",
    `\n\n${pad}# a section\n`,
    `\n${pad} # deeper\n${pad}# and here`,
    "\n# at the margin",
    "\n\n",
  ]);
}

function isFlow(node: TextList | TextMap, { tape }: Layout): boolean {
  const empty = node.kind === "list" ? node.items.length === 0 : node.entries.length === 0;
  return empty || tape.once(node.block ? 8 : 2);
}

function block(node: TextNode, column: number, layout: Layout): string {
  if (node.kind === "scalar") return write(node.value, layout, column);
  const pad = " ".repeat(column);
  const lines =
    node.kind === "list"
      ? node.items.map((item) => `-${blockItem(item, column, layout)}`)
      : node.entries.map((entry) => blockEntry(entry, column, layout));
  return lines.map((line, index) => (index === 0 ? line : `${between(column, layout)}\n${pad}${line}`)).join("");
}

function blockItem(item: TextNode, column: number, layout: Layout): string {
  if (item.kind === "scalar") return ` ${write(item.value, layout, column)}${comment(layout)}`;
  if (isFlow(item, layout)) return ` ${flow(item, layout, column)}${comment(layout)}`;
  const inner = column + layout.indent + 1;
  if (layout.tape.once(6))
    return `${comment(layout)}${between(inner, layout)}\n${" ".repeat(inner)}${block(item, inner, layout)}`;
  return `${" ".repeat(layout.indent)}${block(item, inner, layout)}`;
}

function blockEntry({ key, value }: TextEntry, column: number, layout: Layout): string {
  const { tape, indent } = layout;
  const name = writeKey(key, layout);
  const colon = tape.once(12) && tape.once(2) ? `? ${name}\n${" ".repeat(column)}:` : `${name}:`;
  if (value.kind === "scalar") return `${colon} ${write(value.value, layout, column, true)}`;
  if (isFlow(value, layout)) return `${colon} ${flow(value, layout, column)}${comment(layout)}`;
  const inner = value.kind === "list" && tape.once(3) ? column : column + indent;
  return `${colon}${comment(layout)}${between(inner, layout)}\n${" ".repeat(inner)}${block(value, inner, layout)}`;
}

function flow(node: TextNode, layout: Layout, column = 0): string {
  if (node.kind === "scalar")
    return layout.json && typeof node.value === "string" ? JSON.stringify(node.value) : writeInline(node.value, layout);
  const items =
    node.kind === "list"
      ? node.items.map((item) => flow(item, layout, column + 1))
      : node.entries.map(
          ({ key, value }) =>
            `${layout.json ? JSON.stringify(key) : writeKey(key, layout)}: ${flow(value, layout, column + 1)}`,
        );
  const [open, close] = node.kind === "list" ? "[]" : "{}";
  if (items.length === 0) return `${open}${close}`;
  const pad = `\n${" ".repeat(column + 2)}`;
  if (layout.json && layout.tape.once(2))
    return `${open}${pad}${items.join(`,${pad}`)}\n${" ".repeat(column)} ${close}`;
  if (layout.noise > 0 && layout.tape.once(6)) {
    return `${open} # inside${pad}${items.join(`, # and here${pad}`)}${layout.tape.once(2) ? "," : ""}${pad}${close}`;
  }
  const space = layout.tape.once(2) ? " " : "";
  return `${open}${space}${items.join(layout.tape.pick([", ", ",  "]))}${space}${close}`;
}

function writeKey(key: string, layout: Layout): string {
  return writeInline(key, layout);
}

/** A scalar at the end of a line, or on several lines of its own. */
function write(value: Scalar, layout: Layout, column: number, isEntry = false): string {
  const { tape } = layout;
  if (typeof value === "string" && isEntry && tape.once(5) && /^[!-~äöüßG][ -~äöüß]*(\n[!-~][ -~]*)*$/.test(value)) {
    const pad = `\n${" ".repeat(column + 2 + tape.below(3))}`;
    return `${tape.once(4) ? "|-   # kept" : "|-"}${pad}${value.replaceAll("\n", pad)}`;
  }
  return `${writeInline(value, layout)}${comment(layout)}`;
}

function writeInline(value: Scalar, { tape }: Layout): string {
  if (value === null) return tape.pick(["null", "~", "Null"]);
  if (typeof value === "boolean") return value ? tape.pick(["true", "True", "TRUE"]) : tape.pick(["false", "FALSE"]);
  if (isDecimal(value)) return writeNumber(toText(value), tape);
  const style = tape.below(3);
  if (style === 0 && isPlain(value)) return value;
  if (style === 1 && /^[ -~äöüßG]*$/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  const text = JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return tape.once(6) ? text.replace("a", "\\x61") : text;
}

function writeNumber(text: string, tape: Tape): string {
  if (text === "50000") return tape.pick(["50000", "5e4", "50000.0", "5E+4"]);
  return text === "0.5" ? tape.pick(["0.5", "5e-1", "0.50"]) : text;
}

function isPlain(text: string): boolean {
  const read = readPlain(text);
  return (
    read.ok &&
    typeof read.value === "string" &&
    /^[A-Za-z(/_äöüßG]([ \w./()äöüß*[\]"'?-]*[\w./)*])?$/.test(text) &&
    !/[[\]]/.test(text)
  );
}
