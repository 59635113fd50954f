import { CST, Lexer, Parser } from "yaml";

/** A node of a text by its offsets; the text itself stays where it is. */
export type SourceNode = SourceScalar | SourceCollection;

export interface SourceScalar {
  readonly kind: "scalar";
  readonly start: number;
  /** Behind the last character; a block scalar ends before its last line break. */
  readonly end: number;
  readonly style: "plain" | "single" | "double" | "block";
  /** The text that the scalar stands for, before it is read as a number or a boolean. */
  readonly text: string;
}

export interface SourceCollection {
  readonly kind: "map" | "list";
  /** `pair`: the one entry of a map without braces inside a flow list. */
  readonly style: "block" | "flow" | "pair";
  readonly start: number;
  readonly end: number;
  readonly items: readonly SourceItem[];
}

/** An entry of a map, or an item of a list with its `-`. */
export interface SourceItem {
  /** At the key, the `?` or the `-`. */
  readonly start: number;
  readonly end: number;
  readonly key: SourceScalar | null;
  /** Where the value may begin: behind the `:` or the `-`. */
  readonly valueFrom: number;
  readonly value: SourceNode | null;
}

type Item = CST.BlockMap["items"][number] | CST.BlockSequence["items"][number] | CST.FlowCollection["items"][number];

/**
 * Where the parts of a text stand. Only for texts that `readTree` takes: strict YAML without anchors, tags and aliases, of
 * bounded depth. Null for a text without a document.
 */
export function locate(text: string): SourceNode | null {
  for (const token of new Parser().parse(text)) {
    if (token.type === "document" && token.value) return locateToken(token.value);
  }
  return null;
}

function locateToken(token: CST.Token): SourceNode | null {
  if (token.type === "block-map" || token.type === "block-seq") {
    const items = token.items.flatMap((item) => locateItem(item, token.type === "block-map"));
    const kind = token.type === "block-map" ? "map" : "list";
    const [start, end] = [items[0]?.start ?? token.offset, items.at(-1)?.end ?? token.offset];
    return { kind, style: "block", start, end, items };
  }
  if (token.type === "flow-collection") {
    const kind = token.start.type === "flow-map-start" ? "map" : "list";
    const items = token.items.flatMap((item) => locateFlowItem(item, kind));
    const close = token.end.find((part) => part.type === "flow-map-end" || part.type === "flow-seq-end");
    const end = close ? close.offset + 1 : (items.at(-1)?.end ?? token.offset + 1);
    return { kind, style: "flow", start: token.offset, end, items };
  }
  return CST.isScalar(token) && token.type !== "alias" ? locateScalar(token) : null;
}

function locateScalar(token: CST.FlowScalar | CST.BlockScalar): SourceScalar {
  const text = CST.resolveAsScalar(token)?.value ?? "";
  const start = token.offset;
  if (token.type === "block-scalar") {
    const header = token.props.reduce((length, part) => length + CST.stringify(part).length, 0);
    return { kind: "scalar", style: "block", start, end: start + header + lengthOfBlock(token), text };
  }
  const styles = {
    "single-quoted-scalar": "single",
    "double-quoted-scalar": "double",
    scalar: "plain",
    alias: "plain",
  };
  const style = styles[token.type] as SourceScalar["style"];
  return { kind: "scalar", style, start, end: start + token.source.length, text };
}

/** Blank lines behind a block scalar are no part of it unless it keeps them (`|+`). Negative: the header's line break goes too. */
function lengthOfBlock({ props, source }: CST.BlockScalar): number {
  const keeps = props.some((part) => part.type === "block-scalar-header" && CST.stringify(part).includes("+"));
  const newline = props.find((part) => part.type === "newline");
  let end = withoutBreak(source, source.length);
  if (keeps && end >= 0) return end;
  for (
    let line = lastLine(source, end);
    end > 0 && source.slice(line, end).trim() === "";
    line = lastLine(source, end)
  ) {
    if (line === 0) return newline ? -CST.stringify(newline).length : 0;
    end = withoutBreak(source, line);
  }
  return end > 0 || !newline ? end : -CST.stringify(newline).length;
}

/** Start of the line that ends at `end`. */
function lastLine(source: string, end: number): number {
  return source.lastIndexOf("\n", end - 1) + 1;
}

/** `end` before the line break that stands there, if one does. */
function withoutBreak(source: string, end: number): number {
  if (source[end - 1] !== "\n") return end;
  return source[end - 2] === "\r" ? end - 2 : end - 1;
}

function locateItem(item: Item, isMap: boolean): SourceItem[] {
  const mark = item.start.find((part) => part.type === "seq-item-ind" || part.type === "explicit-key-ind");
  if (!isMap) {
    if (!mark) return [];
    const value = item.value ? locateToken(item.value) : null;
    return [{ start: mark.offset, end: value?.end ?? mark.offset + 1, key: null, valueFrom: mark.offset + 1, value }];
  }
  return locateEntry(item, mark);
}

function locateEntry(item: Item, mark: CST.SourceToken | undefined): SourceItem[] {
  const key = item.key ? locateToken(item.key) : null;
  if (key?.kind !== "scalar") return [];
  const colon = item.sep?.find((part) => part.type === "map-value-ind");
  const valueFrom = colon ? colon.offset + 1 : key.end;
  const value = item.value ? locateToken(item.value) : null;
  return [{ start: mark?.offset ?? key.start, end: value?.end ?? valueFrom, key, valueFrom, value }];
}

function locateFlowItem(item: Item, kind: "map" | "list"): SourceItem[] {
  const mark = item.start.find((part) => part.type === "explicit-key-ind");
  if (kind === "map") return locateEntry(item, mark);
  if (item.key !== undefined || item.sep) {
    const items = locateEntry(item, mark);
    const [first] = items;
    if (!first) return [];
    const { start, end } = first;
    return [{ start, end, key: null, valueFrom: start, value: { kind: "map", style: "pair", start, end, items } }];
  }
  const value = item.value ? locateToken(item.value) : null;
  return value ? [{ start: value.start, end: value.end, key: null, valueFrom: value.start, value }] : [];
}

/** The entry of a key. */
export function sourceEntry(node: SourceNode | null | undefined, key: string): SourceItem | undefined {
  return node?.kind === "map" ? node.items.find((item) => item.key?.text === key) : undefined;
}

/** The comments of a text in their order. */
export function commentsOf(text: string): string[] {
  const comments: string[] = [];
  for (const source of new Lexer().lex(text)) if (source.startsWith("#")) comments.push(source.trimEnd());
  return comments;
}
