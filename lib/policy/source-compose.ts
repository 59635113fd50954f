import type { SourceCollection } from "./source-tree";

/** One member of a collection after an edit: one that stood there before, or a new one. */
export interface Piece {
  /** Its place before; null = new. */
  readonly from: number | null;
  /** Its text from the first character to the end of its last line; further lines are indented already. */
  readonly body: string;
}

/** A block collection in its text, cut into members and what stands between them. */
export interface BlockFrame {
  readonly column: number;
  /** What follows the key or dash on its own line, as a rule nothing or a comment. */
  readonly head: string;
  /** Per member the line breaks, blank lines, comments and indentation before it. */
  readonly leads: readonly string[];
  /** Per member where it begins and where its last line ends, with the comment behind it and deeper ones under it. */
  readonly spans: readonly (readonly [start: number, end: number])[];
  /** The first member begins the text, so what stands before it belongs to the text. */
  readonly isRoot: boolean;
}

/** Column of an offset, from 0. */
export function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf("\n", offset - 1) + 1);
}

/** Cuts a block collection whose region begins at `from`: behind the key's colon or the dash, or at 0 for the root. */
export function frameOf(text: string, collection: SourceCollection, from: number, isRoot: boolean): BlockFrame {
  const column = columnOf(text, collection.start);
  const spans = collection.items.map((item) => [item.start, tailEnd(text, item.end, column)] as const);
  const gap = text.slice(from, collection.start);
  const cut = isRoot ? 0 : Math.max(gap.search(/\r?\n/), 0);
  const leads = spans.map(([start], index) => {
    const before = spans[index - 1];
    return before ? text.slice(before[1], start) : gap.slice(cut);
  });
  return { column, head: gap.slice(0, cut), leads, spans, isRoot };
}

/**
 * Where what belongs to a member ends: the rest of its last line, and comment lines under it that are indented deeper than
 * `column`, the column of the member.
 */
export function tailEnd(text: string, end: number, column: number): number {
  let tail = lineEnd(text, end);
  for (let next = tail; next < text.length;) {
    const start = text.indexOf("\n", next) + 1;
    if (start === 0) break;
    const stop = lineEnd(text, start);
    const line = text.slice(start, stop);
    const indent = line.length - line.trimStart().length;
    if (line.trim() !== "" && (line[indent] !== "#" || indent <= column)) break;
    if (line.trim() !== "") tail = stop;
    next = stop;
  }
  return tail;
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  if (end < 0) return text.length;
  return end > from && text[end - 1] === "\r" ? end - 1 : end;
}

/** A lead as the line breaks before everything, and the member's own comments with its indentation. */
function cutLead(lead: string): { spacing: string; own: string } {
  const spacing = /^(?:[ \t]*\r?\n)+/.exec(lead)?.[0] ?? "";
  return { spacing, own: lead.slice(spacing.length) };
}

/** Comments of a lead that a blank line sets apart from the member: they stay when it goes. */
function detached(lead: string): string {
  const end = Math.max(lead.lastIndexOf("\n\n"), lead.lastIndexOf("\n\r\n"));
  const kept = end < 0 ? "" : lead.slice(0, end);
  return kept.includes("#") ? kept.replace(/\r$/, "") : "";
}

/**
 * The region of a block collection with these members, at least one. Members that stay keep the lines before them; the
 * place of the first keeps its own line breaks. `spacing`: what stands before a new member.
 */
export function composeBlock(frame: BlockFrame, pieces: readonly Piece[], spacing: string): string {
  const kept = new Set(pieces.map((piece) => piece.from));
  const orphans = collectOrphans(frame, kept);
  const [first] = pieces;
  const swapped = first?.from !== 0 && kept.has(0) ? (frame.leads[first?.from ?? -1] ?? null) : null;
  const texts = pieces.map((piece, index) => {
    const orphan = piece.from === null ? "" : (orphans.before.get(piece.from) ?? "");
    if (index === 0) return firstLead(frame, piece, orphan) + piece.body;
    const lead =
      piece.from === null ? spacing + " ".repeat(frame.column) : laterLead(frame, piece.from, swapped, spacing);
    return orphan + lead + piece.body;
  });
  return frame.head + texts.join("") + orphans.after;
}

/** Detached comments of members that go, by the member before which they stay; those of the first keep its place. */
function collectOrphans(
  frame: BlockFrame,
  kept: ReadonlySet<number | null>,
): { before: Map<number, string>; after: string } {
  const before = new Map<number, string>();
  let waiting = "";
  for (const [index, lead] of frame.leads.entries()) {
    if (kept.has(index)) {
      if (waiting !== "") before.set(index, waiting);
      waiting = "";
    } else if (index > 0) waiting += detached(lead);
  }
  return { before, after: waiting };
}

function firstLead(frame: BlockFrame, piece: Piece, orphan: string): string {
  const lead = frame.leads[0] ?? "";
  if (piece.from === 0) return lead;
  const before = cutLead(frame.leads[piece.from ?? -1] ?? "\n");
  const own = piece.from === null ? " ".repeat(frame.column) : before.own;
  if (frame.isRoot) return lead + own;
  const fixed = detached(lead);
  const { spacing } = cutLead(lead.slice(fixed.length));
  if (spacing !== "") return fixed + orphan + (orphan === "" ? spacing : before.spacing) + own;
  // A map that begins on the line of its dash: with comments before its first key it has to begin on the next.
  return own.trim() === "" && orphan === "" ? lead : `${orphan}\n${own}`;
}

function laterLead(frame: BlockFrame, from: number, swapped: string | null, spacing: string): string {
  const lead = frame.leads[from] ?? "";
  if (from > 0) return lead;
  // The old first member now follows another: it takes over the line breaks of the one that took its place.
  const rest = frame.isRoot ? "" : lead.slice(detached(lead).length);
  const { spacing: mine, own } = cutLead(rest);
  const indented = mine === "" ? " ".repeat(frame.column) : own;
  return (swapped === null ? spacing : cutLead(swapped).spacing) + indented;
}

/** What the text has before its other members, for a new one at `index`. */
export function usualSpacing(frame: BlockFrame, index: number): string {
  const lead = frame.leads[Math.min(Math.max(index, 1), frame.leads.length - 1)];
  const spacing = lead === undefined || frame.leads.length < 2 ? "" : cutLead(lead).spacing;
  return spacing === "" ? "\n" : spacing;
}

/** The text of a flow collection with these members; comments beside members that go, go with them. */
export function composeFlow(text: string, collection: SourceCollection, pieces: readonly Piece[]): string {
  const { items, start, end } = collection;
  const brackets = collection.kind === "list" ? "[]" : "{}";
  if (pieces.length === 0) return brackets;
  const [first, last] = [items[0], items.at(-1)];
  if (!first || !last) return brackets;
  const [open, close] = [text.slice(start, first.start), text.slice(last.end, end)];
  const between = (index: number): string => text.slice(items[index]?.end ?? 0, items[index + 1]?.start ?? 0);
  const usual = items.length > 1 ? between(0) : `,${/^[^#]*$/.test(open) && open.includes("\n") ? open.slice(1) : " "}`;
  const separator = usual.includes("#") ? ", " : usual;
  // Members that only change places leave what stands between them, comments too, where it is.
  const permuted = pieces.length === items.length && pieces.every((piece) => piece.from !== null);
  const behind = (piece: Piece): string | null =>
    piece.from !== null && piece.from < items.length - 1 ? between(piece.from) : null;
  const body = pieces.map((piece, index) => {
    const before = pieces[index - 1];
    if (!before) return piece.body;
    return (permuted ? between(index - 1) : (behind(before) ?? separator)) + piece.body;
  });
  // A comment behind a comma belongs to the member before it, which may now be the last.
  const loose = permuted ? null : behind(pieces.at(-1) ?? { from: null, body: "" });
  if (loose?.includes("#") && !close.startsWith(",")) body.push(loose);
  return open + body.join("") + close;
}
