import { frameOf, tailEnd } from "./source-compose";
import type { BlockFrame } from "./source-compose";
import type { SourceCollection, SourceItem, SourceNode, SourceScalar } from "./source-tree";

/** Raised for a place that has no even form, such as a comment between a key and its colon. */
export class Unformattable extends Error {}

const step = 2;
const pad = (column: number): string => " ".repeat(column);

/** The text of a document in even layout; `root` is where its parts stand in `text`. Line ends are `\n` already. */
export function formatSource(text: string, root: SourceNode): string {
  const head = notes(text.slice(0, root.start), 0);
  if (root.kind !== "scalar" && root.style === "block") {
    const frame = frameOf(text, root, root.start, false);
    const end = frame.spans.at(-1)?.[1] ?? root.end;
    return finish(head, formatBlock(text, root, frame), text.slice(end));
  }
  const end = tailEnd(text, root.end, Infinity);
  const comment = text.slice(root.end, end).trim();
  return finish(head, formatFlow(text, root, 0) + (comment === "" ? "" : ` ${comment}`), text.slice(end));
}

function finish(head: string[], body: string, rest: string): string {
  while (head[0] === "") head.shift();
  const after = notes(rest, 0);
  while (after.at(-1) === "") after.pop();
  return `${[...head, body, ...after].join("\n")}\n`;
}

/** Lines of comments at `column`, with one blank line where there were some. A first part of a line counts as a line. */
function notes(gap: string, column: number): string[] {
  const lines: string[] = [];
  // What stands behind the last line break is the indentation of what follows.
  for (const line of gap.split("\n").slice(0, gap.includes("\n") ? -1 : undefined)) {
    const note = line.trim();
    if (note !== "") lines.push(pad(column) + note);
    else if (lines.length === 0 || lines.at(-1) !== "") lines.push("");
  }
  return lines;
}

function formatBlock(text: string, collection: SourceCollection, frame: BlockFrame, column = 0): string {
  const parts = collection.items.map((item, index) => {
    const lead = index === 0 ? "" : between(frame.leads[index] ?? "", column);
    const [, end] = frame.spans[index] ?? [0, 0];
    return lead + formatItem(text, item, end, column);
  });
  return parts.join("");
}

/** What stands between two members, from the end of the first one's line to the begin of the second. */
function between(lead: string, column: number): string {
  const lines = notes(lead.replace(/^[^\n]*\n/, ""), column);
  // A lead without any line of its own still has the line break.
  const own = lead.split("\n").length > 2 ? lines : [];
  return `\n${own.map((line) => `${line}\n`).join("")}${pad(column)}`;
}

function formatItem(text: string, item: SourceItem, end: number, column: number): string {
  const name = item.key ? `${formatKey(text, item, item.key, column)}` : "-";
  const { value } = item;
  if (value && value.kind !== "scalar" && value.style === "block")
    return name + formatNested(text, item, value, end, column);
  const gap = value ? text.slice(item.valueFrom, value.start) : "";
  if (gap.includes("#")) throw new Unformattable();
  const written = value ? ` ${formatInline(text, value, column)}` : "";
  const isLiteral = value?.kind === "scalar" && value.style === "block";
  return (
    name +
    (written.trim() === "" ? "" : written) +
    formatTail(text.slice(item.end, end), isLiteral ? column : column + step)
  );
}

/** Comments behind and under a member. */
function formatTail(tail: string, column: number): string {
  const [first = "", ...others] = tail.split("\n");
  const comment = first.trim() === "" ? "" : ` ${first.trim()}`;
  if (others.length === 0) return comment;
  return `${comment}\n${notes(`${others.join("\n")}\n`, column).join("\n")}`;
}

/** A block collection behind its key or dash. */
function formatNested(text: string, item: SourceItem, value: SourceCollection, end: number, column: number): string {
  const frame = frameOf(text, value, item.valueFrom, false);
  const inner = column + step;
  const first = (frame.leads[0] ?? "").replace(/^[^\n]*\n/, "");
  const lines = (frame.leads[0] ?? "").includes("\n") ? notes(first, inner) : [];
  while (lines[0] === "") lines.shift();
  const head = frame.head.trim() === "" ? "" : ` ${frame.head.trim()}`;
  const isCompact = item.key === null && lines.length === 0 && head === "";
  const open = isCompact ? " " : `${head}\n${lines.map((line) => `${line}\n`).join("")}${pad(inner)}`;
  const body = formatBlock(text, value, frame, inner);
  const rest = text.slice(frame.spans.at(-1)?.[1] ?? value.end, end);
  return open + body + formatTail(rest, inner);
}

function formatKey(text: string, item: SourceItem, key: SourceScalar, column: number): string {
  const written = text.slice(key.start, key.end);
  const around = text.slice(item.start, key.start) + text.slice(key.end, item.valueFrom);
  if (around.includes("#") || written.includes("\n")) throw new Unformattable();
  if (!around.includes(":")) return written;
  return written.length > 1000 ? `? ${written}\n${pad(column)}:` : `${written}:`;
}

function formatInline(text: string, value: SourceNode, column: number): string {
  return value.kind === "scalar" ? formatScalar(text, value, column) : formatFlow(text, value, column);
}

function formatScalar(text: string, { start, end, style }: SourceScalar, column: number): string {
  const written = text.slice(start, end);
  if (style === "block") return formatLiteral(written, column);
  const lines = written.split("\n");
  return lines
    .map((line, index) => (index === 0 ? line : line.trim() === "" ? "" : pad(column + step) + line.trimStart()))
    .join("\n");
}

/** A block scalar with its lines two columns deeper than its key. */
function formatLiteral(written: string, column: number): string {
  const [header = "", ...lines] = written.split("\n");
  // With an indentation of its own choice the first line may begin with spaces that are part of the text.
  if (/^[|>][+-]?[0-9]/.test(header)) throw new Unformattable();
  const first = lines.find((line) => line.trim() !== "") ?? "";
  const depth = first.length - first.trimStart().length;
  const content = lines.map((line) => (line.length > depth ? pad(column + step) + line.slice(depth) : ""));
  return [header.replace(/[ \t]+#/, " #"), ...content].join("\n");
}

/** A flow collection: on one line if it was on one, otherwise with its line breaks where they were. */
function formatFlow(text: string, node: SourceNode, column: number): string {
  if (node.kind === "scalar") return formatScalar(text, node, column);
  const [open, close] = node.kind === "list" ? "[]" : "{}";
  const bracketed = node.style === "pair" ? ["", ""] : [open, close];
  const items = node.items.map((item) => formatFlowItem(text, item, column));
  if (items.length === 0 && !text.slice(node.start, node.end).includes("#")) return bracketed.join("");
  const gaps = flowGaps(text, node);
  if (gaps.every((gap) => !gap.includes("\n"))) {
    const space = node.kind === "map" && node.style === "flow" ? " " : "";
    return `${bracketed[0]}${space}${items.join(", ")}${space}${bracketed[1]}`;
  }
  const inner = pad(column + step);
  const parts = gaps.map((gap, index) => {
    const isLast = index === gaps.length - 1;
    const comments = gap.split("\n").flatMap((line, place) => {
      const note = /(?:^|[\s,])(#.*)$/.exec(line)?.[1];
      return note === undefined ? [] : [place === 0 ? ` ${note.trimEnd()}` : `\n${inner}${note.trimEnd()}`];
    });
    const comma = index > 0 && !isLast ? "," : "";
    const breaks = gap.includes("\n") ? `\n${isLast ? pad(column) : inner}` : isLast || index === 0 ? "" : " ";
    return comma + comments.join("") + breaks + (items[index] ?? "");
  });
  return bracketed[0] + parts.join("") + bracketed[1];
}

/** What stands before the first member, between two, and behind the last, without the brackets. */
function flowGaps(text: string, { items, start, end }: SourceCollection): string[] {
  const starts = [...items.map((item) => item.start), end - 1];
  return starts.map((stop, index) => text.slice(index === 0 ? start + 1 : (items[index - 1]?.end ?? start + 1), stop));
}

function formatFlowItem(text: string, item: SourceItem, column: number): string {
  const { key, value } = item;
  const inner = column + step;
  if (!key) return value ? formatFlow(text, value, inner) : "";
  const name = formatKey(text, item, key, inner);
  if (!value) return name;
  if (text.slice(item.valueFrom, value.start).includes("#")) throw new Unformattable();
  const written = formatFlow(text, value, inner);
  return written === "" ? name : `${name} ${written}`;
}
