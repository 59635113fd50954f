import type { Scalar } from "./document";
import { composeBlock, composeFlow, frameOf, usualSpacing } from "./source-compose";
import type { BlockFrame, Piece } from "./source-compose";
import type { SourceCollection, SourceItem, SourceNode, SourceScalar } from "./source-tree";
import { isEmptyNode, isSameNode } from "./text-node";
import type { TextEntry, TextList, TextNode } from "./text-node";
import {
  entryText,
  flowEntry,
  flowText,
  isInline,
  itemText,
  quoted,
  scalarText,
  textScalar,
  valueText,
} from "./yaml-text";

/** What holds for one whole text. */
export interface PatchContext {
  readonly text: string;
  /** The text is JSON, so that what is new has to be JSON too. */
  readonly json: boolean;
  /** Members of `rules` that change are written afresh instead of part by part. */
  readonly wholeRules: boolean;
}

/** How the members of a list before an edit became those after it: per new member its place before. */
export type Alignment = readonly (number | null)[];

/**
 * The whole text after an edit from `old` to `next`, both in the spelling of the text as far as it can be told. What is
 * the same in both keeps every byte, also where the text spells it in another way.
 */
export function patchText(context: PatchContext, root: SourceNode, old: TextNode, next: TextNode): string {
  const { text } = context;
  if (root.kind === "scalar") return text;
  if (root.style !== "block")
    return text.slice(0, root.start) + patchFlow(context, root, old, next) + text.slice(root.end);
  const frame = frameOf(text, root, 0, true);
  const end = frame.spans.at(-1)?.[1] ?? root.end;
  return patchBlock(context, root, frame, old, next) + text.slice(end);
}

function patchBlock(
  context: PatchContext,
  source: SourceCollection,
  frame: BlockFrame,
  old: TextNode,
  next: TextNode,
): string {
  const pieces =
    next.kind === "list" ? listPieces(context, source, frame, old, next) : mapPieces(context, source, frame, old, next);
  const added = pieces.findIndex((piece) => piece.from === null);
  const lines = (pieces[added]?.body.split("\n").length ?? 0) > 1;
  const inside = next.kind === "map" && !next.spaced;
  const spacing = inside ? "\n" : frame.isRoot ? (lines ? "\n\n" : "\n") : usualSpacing(frame, added);
  return composeBlock(frame, pieces, spacing);
}

function mapPieces(
  context: PatchContext,
  source: SourceCollection,
  frame: BlockFrame,
  old: TextNode,
  next: TextNode,
): Piece[] {
  return pieceEntries(source, old, next, {
    kept: (index, before, entry) => patchEntry(context, source.items[index], frame, index, before, entry),
    added: (entry) => entryText(entry, frame.column),
    same: (index) => bodyOf(context, frame, index),
  });
}

interface EntryWriter {
  /** An entry that changed. */
  kept(index: number, before: TextNode | undefined, entry: TextEntry): string;
  added(entry: TextEntry): string;
  same(index: number): string;
}

/** The members of a map after the edit: in the order of the text, or of `next` where the order means something. */
function pieceEntries(source: SourceCollection, old: TextNode, next: TextNode, writer: EntryWriter): Piece[] {
  const before = new Map(old.kind === "map" ? old.entries.map((entry) => [entry.key, entry.value]) : []);
  const wanted = next.kind === "map" ? next.entries : [];
  const places = new Map(source.items.map((item, index) => [item.key?.text ?? "", index]));
  const piece = (entry: TextEntry): Piece => {
    const was = entry.was ?? entry.key;
    const from = places.get(was) ?? null;
    if (from === null) return { from, body: writer.added(entry) };
    const same = was === entry.key && isSameNode(before.get(was), entry.value);
    return { from, body: same ? writer.same(from) : writer.kept(from, before.get(was), entry) };
  };
  if (next.kind === "map" && next.ordered) return wanted.map(piece);
  return inPlace(
    source,
    before,
    wanted.map((entry) => ({ entry, piece: piece(entry) })),
    writer,
  );
}

/** Known members stay where they are; a new one follows the member that the language puts before it. */
function inPlace(
  source: SourceCollection,
  before: ReadonlyMap<string, TextNode>,
  wanted: readonly { entry: TextEntry; piece: Piece }[],
  writer: EntryWriter,
): Piece[] {
  const byPlace = new Map(wanted.map(({ piece }) => [piece.from, piece]));
  const pieces = source.items.flatMap((item, index): Piece[] => {
    const piece = byPlace.get(index);
    if (piece) return [piece];
    // What goes without saying is in neither document; it stays as it was written.
    return before.has(item.key?.text ?? "") ? [] : [{ from: index, body: writer.same(index) }];
  });
  let previous: Piece | null = null;
  for (const { piece } of wanted) {
    if (piece.from === null) {
      const after: number = previous ? pieces.indexOf(previous) : -1;
      pieces.splice(after < 0 ? pieces.length : after + 1, 0, piece);
    }
    previous = piece;
  }
  return pieces;
}

function bodyOf({ text }: PatchContext, frame: BlockFrame, index: number): string {
  const [start, end] = frame.spans[index] ?? [0, 0];
  return text.slice(start, end);
}

/** A block entry or item that changed, from its start to the end of its tail. */
function patchEntry(
  context: PatchContext,
  item: SourceItem | undefined,
  frame: BlockFrame,
  index: number,
  old: TextNode | undefined,
  next: TextEntry,
): string {
  if (!item?.key) return entryText(next, frame.column);
  const { text } = context;
  const renamed = next.was !== undefined && next.was !== next.key;
  const key = renamed ? restyled(item.key, next.key, context.json) : text.slice(item.key.start, item.key.end);
  const name = text.slice(item.start, item.key.start) + key + text.slice(item.key.end, item.valueFrom);
  const end = frame.spans[index]?.[1] ?? item.end;
  return name + patchValue(context, item, { end, column: frame.column, keyLength: key.length }, old, next.value);
}

interface ValuePlace {
  /** End of the member's tail. */
  readonly end: number;
  readonly column: number;
  readonly keyLength: number;
}

/** What follows the colon or dash of a block member, up to the end of its tail. */
function patchValue(
  context: PatchContext,
  item: SourceItem,
  place: ValuePlace,
  old: TextNode | undefined,
  next: TextNode,
): string {
  const { text } = context;
  const { value, valueFrom } = item;
  if (isSameNode(old, next)) return text.slice(valueFrom, place.end);
  if (value && value.kind !== "scalar" && fits(value, old, next)) {
    if (value.style !== "block") {
      const gap = text.slice(valueFrom, value.start);
      return gap + patchFlow(context, value, old, next) + text.slice(value.end, place.end);
    }
    const frame = frameOf(text, value, valueFrom, false);
    return patchBlock(context, value, frame, old, next) + text.slice(frame.spans.at(-1)?.[1] ?? value.end, place.end);
  }
  return replaceValue(context, item, place, next);
}

/** Whether a collection can become `next` member by member. */
function fits(source: SourceCollection, old: TextNode | undefined, next: TextNode): old is TextNode {
  if (!old || isEmptyNode(next) || source.items.length === 0) return false;
  if (old.kind !== source.kind || next.kind !== source.kind) return false;
  return old.kind !== "list" || old.items.length === source.items.length;
}

function replaceValue(context: PatchContext, item: SourceItem, place: ValuePlace, next: TextNode): string {
  const { text } = context;
  const { value, valueFrom } = item;
  const isBlock = value !== null && value.kind !== "scalar" && value.style === "block";
  const gap = value && !isBlock ? text.slice(valueFrom, value.start) : " ";
  const rest = isBlock ? headOf(text, valueFrom, value.start) : text.slice(value?.end ?? valueFrom, place.end);
  if (next.kind === "scalar" && value?.kind === "scalar") {
    return gap + restyled(value, next.value, context.json) + headerComment(text, value) + rest;
  }
  const isItem = item.key === null;
  if (isInline(next, place.column + place.keyLength + 2)) return gap + flowText(next, context.json) + rest;
  if (isItem) return ` ${itemText(next, place.column)}${rest}`;
  // A comment behind the old value stays on the line of the key.
  const cut = rest.search(/\r?\n/);
  const head = cut < 0 ? rest : rest.slice(0, cut);
  return head + valueText(next, place.column, place.keyLength) + rest.slice(head.length);
}

/** The comment behind the `|` or `>` of a block scalar. */
function headerComment(text: string, { style, start, end }: SourceScalar): string {
  const comment = style === "block" ? /^[|>][^\s#]*([ \t]+#[^\r\n]*)/.exec(text.slice(start, end))?.[1] : undefined;
  return comment ?? "";
}

/** The comment on the line of a key whose value stands below. */
function headOf(text: string, from: number, to: number): string {
  const gap = text.slice(from, to);
  const cut = gap.search(/\r?\n/);
  return cut < 0 ? "" : gap.slice(0, cut).trimEnd();
}

/** A scalar with the quotes that stood there before, where they can hold it. */
function restyled(source: SourceScalar, value: Scalar, json: boolean): string {
  if (typeof value !== "string") return scalarText(value);
  if (json || source.style === "double") return quoted(value);
  const single = source.style === "single" && /^[\x20-\x7e\xa1-\xac\xae-\u1fff]*$/.test(value);
  return single ? `'${value.replaceAll("'", "''")}'` : textScalar(value);
}

function listPieces(
  context: PatchContext,
  source: SourceCollection,
  frame: BlockFrame,
  old: TextNode,
  next: TextList,
): Piece[] {
  const before = old.kind === "list" ? old.items : [];
  const alignment = next.was ?? align(before, next.items);
  return next.items.map((item, index): Piece => {
    const from = alignment[index] ?? null;
    const place = from === null ? undefined : source.items[from];
    if (from === null || !place) return { from: null, body: `- ${itemText(item, frame.column)}` };
    if (isSameNode(before[from], item)) return { from, body: bodyOf(context, frame, from) };
    const end = frame.spans[from]?.[1] ?? place.end;
    if (context.wholeRules && next.was) return { from, body: `- ${itemText(item, frame.column)}` };
    const dash = context.text.slice(place.start, place.valueFrom);
    return {
      from,
      body: dash + patchValue(context, place, { end, column: frame.column, keyLength: 0 }, before[from], item),
    };
  });
}

/** Pairs equal members first, in order, and then the rest by their order. */
function align(before: readonly TextNode[], after: readonly TextNode[]): Alignment {
  const least = Math.min(before.length, after.length);
  let start = 0;
  while (start < least && isSameNode(before[start], after[start])) start += 1;
  let end = 0;
  while (end < least - start && isSameNode(before.at(-1 - end), after.at(-1 - end))) end += 1;
  const middle = alignAny(before.slice(start, before.length - end), after.slice(start, after.length - end));
  return after.map((_, index) => {
    if (index < start) return index;
    if (index >= after.length - end) return before.length - (after.length - index);
    const place = middle[index - start] ?? null;
    return place === null ? null : place + start;
  });
}

function alignAny(before: readonly TextNode[], after: readonly TextNode[]): Alignment {
  const free = new Set(before.keys());
  const take = (index: number | undefined): number | null => {
    if (index === undefined) return null;
    free.delete(index);
    return index;
  };
  const equal = after.map((item) => take([...free].find((index) => isSameNode(before[index], item))));
  return equal.map((index) => index ?? take([...free][0]));
}

function patchFlow(context: PatchContext, source: SourceCollection, old: TextNode, next: TextNode): string {
  const { text, json } = context;
  if (source.style === "pair" || !fits(source, old, next)) return flowText(next, json);
  const same = (index: number): string => text.slice(source.items[index]?.start, source.items[index]?.end);
  if (next.kind === "map") {
    const pieces = pieceEntries(source, old, next, {
      kept: (index, before, entry) => patchFlowEntry(context, source.items[index], before, entry),
      added: (entry) => flowEntry(entry, json),
      same,
    });
    return composeFlow(text, source, pieces);
  }
  const items = next.kind === "list" ? next.items : [];
  const before = old.kind === "list" ? old.items : [];
  const alignment = (next.kind === "list" ? next.was : undefined) ?? align(before, items);
  const pieces = items.map((item, index): Piece => {
    const from = alignment[index] ?? null;
    if (from === null) return { from, body: flowText(item, json) };
    if (isSameNode(before[from], item)) return { from, body: same(from) };
    if (context.wholeRules && next.kind === "list" && next.was) return { from, body: flowText(item, json) };
    return { from, body: patchFlowValue(context, source.items[from]?.value ?? null, before[from], item) };
  });
  return composeFlow(text, source, pieces);
}

function patchFlowEntry(
  context: PatchContext,
  item: SourceItem | undefined,
  old: TextNode | undefined,
  next: TextEntry,
): string {
  if (!item?.key) return flowEntry(next, context.json);
  const { text } = context;
  const renamed = next.was !== undefined && next.was !== next.key;
  const key = renamed ? restyled(item.key, next.key, context.json) : text.slice(item.key.start, item.key.end);
  const gap = item.value ? text.slice(item.key.end, item.value.start) : ": ";
  const name = text.slice(item.start, item.key.start) + key + gap;
  return name + patchFlowValue(context, item.value, old, next.value);
}

function patchFlowValue(
  context: PatchContext,
  value: SourceNode | null,
  old: TextNode | undefined,
  next: TextNode,
): string {
  const { text, json } = context;
  if (value && isSameNode(old, next)) return text.slice(value.start, value.end);
  if (value?.kind === "scalar" && next.kind === "scalar") return restyled(value, next.value, json);
  if (value && value.kind !== "scalar" && old) return patchFlow(context, value, old, next);
  return flowText(next, json);
}
