import { joinBytes } from "./byte-join";
import type { Member, Span } from "./json-span";

/** Replaces the bytes of a span; everything around it stays. */
export interface Edit extends Span {
  text: string;
}

const encoder = new TextEncoder();

/** `bytes` with the edits applied, which must not overlap; the very same array when there are none. */
export function applyEdits(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  if (edits.length === 0) return bytes;
  const sorted = edits.toSorted((a, b) => a.start - b.start);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const edit of sorted) {
    parts.push(bytes.subarray(at, edit.start));
    if (edit.text) parts.push(encoder.encode(edit.text));
    at = edit.end;
  }
  parts.push(bytes.subarray(at));
  return joinBytes(parts);
}

/** The edit that puts `"key":text` in front of an object's other members; `text` is JSON. */
export function insertMember(object: Span, members: readonly Member[], key: string, text: string): Edit {
  const comma = members.length > 0 ? "," : "";
  const start = object.start + 1;
  return { start, end: start, text: `${JSON.stringify(key)}:${text}${comma}` };
}

/** The edit that sets a member of an object, replacing the value that stands there. */
export function setMember(object: Span, members: readonly Member[], key: string, text: string): Edit {
  const found = members.find((member) => member.key === key);
  return found ? { start: found.start, end: found.end, text } : insertMember(object, members, key, text);
}

/** The edit that takes a member out, with the one comma that went with it; null when it is not there. */
export function cutMember(members: readonly Member[], key: string): Edit | null {
  return cutMembers(members, (member) => member.key !== key)[0] ?? null;
}

/** The cuts that leave exactly the members that are kept. */
export function cutMembers(members: readonly Member[], isKept: (member: Member) => boolean): Edit[] {
  const spans = members.map(({ keyStart, end }) => ({ start: keyStart, end }));
  return cutSpans(spans, members.map(isKept));
}

/** The cuts that leave exactly the kept items of a list or object, each with one comma between; `spans` are in order. */
export function cutSpans(spans: readonly Span[], kept: readonly boolean[]): Edit[] {
  const edits: Edit[] = [];
  let lastKeptEnd: number | null = null;
  spans.forEach((span, index) => {
    const next = spans[index + 1];
    if (kept[index]) lastKeptEnd = span.end;
    else if (next) edits.push({ start: span.start, end: next.start, text: "" });
    else if (lastKeptEnd !== null) {
      // Behind the last kept one everything goes, the commas before it too; earlier cuts inside this span are replaced.
      const from = lastKeptEnd;
      while ((edits.at(-1)?.start ?? -1) >= from) edits.pop();
      edits.push({ start: from, end: span.end, text: "" });
    } else edits.push({ start: span.start, end: span.end, text: "" });
  });
  return edits;
}
