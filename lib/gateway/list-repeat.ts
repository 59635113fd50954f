import { joinBytes } from "@/lib/http/byte-join";
import type { Span } from "@/lib/http/json-span";
import { readRpcMessage, type ResultFacts, type RpcMessage } from "@/lib/http/rpc-message";
import { singleton } from "@/lib/kernel/singleton";
import type { ListFilter, Rewritten } from "./list-filter";

/** How many bytes of its answer stood before and behind a page: only a hint where to look for the same page again. */
export interface Place {
  head: number;
  tail: number;
}

/** A page that was rewritten, and by what. A changed policy or catalogue is another object, so that nothing outlives a change. */
interface Repeat extends Place {
  before: Uint8Array;
  policy: ListFilter["policy"];
  tools: ListFilter["pins"]["tools"];
  drift: ListFilter["pins"]["drift"];
  isModern: boolean;
  found: Rewritten;
}

interface Repeats {
  entries: Repeat[];
  bytes: number;
}

/** Pages kept per process, and bytes of them. */
const entriesMax = 64;
const bytesMax = 32 * 1024 * 1024;
/** Smaller pages are rewritten in less time than it takes to remember them well. */
const pageBytesMin = 4_096;
/** Bytes of an answer around its result: version, id, white space. */
const aroundMax = 1_024;

const repeats = singleton<Repeats>("gateway-repeated-lists", () => ({ entries: [], bytes: 0 }));

/** An answer whose page was rewritten before: the message as `readRpcMessage` reads it, and the bytes to pass on. */
export interface RepeatedAnswer {
  message: RpcMessage;
  bytes: Uint8Array;
}

/**
 * The answer in `bytes` when its `result` is a page that the same policy and catalogue rewrote before, else null. Instead of the page
 * a reader walks only what stands around it: an object ends where its own bytes say so, so that the same bytes in its place are the
 * same members of the same result.
 */
export function findRepeatedAnswer(bytes: Uint8Array, filter: ListFilter): RepeatedAnswer | null {
  for (const entry of repeats.entries) {
    const around = bytes.length - entry.before.length;
    if (around < 0 || around > aroundMax || !isBy(entry, filter)) continue;
    for (const start of new Set([entry.head, around - entry.tail])) {
      const span = { start, end: start + entry.before.length };
      if (start < 0 || span.end > bytes.length || !isSame(entry.before, bytes.subarray(start, span.end))) continue;
      const message = readAround(bytes, span, entry.found.facts);
      if (message) return { message, bytes: replaced(bytes, span, entry) };
    }
  }
  return null;
}

/**
 * How the same bytes were rewritten by the same policy and catalogue, or null. Compares all bytes, so a hit is never a guess. The
 * next answer with them is looked for at `place`.
 */
export function findRepeat(before: Uint8Array, place: Place, filter: ListFilter): Rewritten | null {
  if (before.length < pageBytesMin) return null;
  const entry = repeats.entries.find((one) => isBy(one, filter) && isSame(one.before, before));
  if (!entry) return null;
  Object.assign(entry, place);
  const { after, ...found } = entry.found;
  return { ...found, after: after === entry.before ? before : after };
}

/** Remembers a page that came with so many bytes of its answer before and behind it; the oldest ones go when there is no room. */
export function keepRepeat(before: Uint8Array, place: Place, filter: ListFilter, found: Rewritten): void {
  if (before.length < pageBytesMin || before.length > bytesMax / 8) return;
  const copy = before.slice();
  const after = found.after === before ? copy : found.after.slice();
  const { policy, isModern, pins } = filter;
  const by = { policy, isModern, tools: pins.tools, drift: pins.drift };
  repeats.entries.push({ ...by, ...place, before: copy, found: { ...found, after } });
  repeats.bytes += sizeOf(copy, after);
  while (repeats.entries.length > entriesMax || repeats.bytes > bytesMax) {
    const oldest = repeats.entries.shift();
    if (oldest) repeats.bytes -= sizeOf(oldest.before, oldest.found.after);
  }
}

function isBy(one: Repeat, { policy, pins, isModern }: ListFilter): boolean {
  return one.tools === pins.tools && one.drift === pins.drift && one.policy === policy && one.isModern === isModern;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && Buffer.compare(one, other) === 0;
}

const emptyObject = new TextEncoder().encode("{}");

/** `readRpcMessage`, with an empty object in the place of a result whose facts are known; null when it is no result there. */
function readAround(bytes: Uint8Array, { start, end }: Span, facts: ResultFacts): RpcMessage | null {
  const message = readRpcMessage(joinBytes([bytes.subarray(0, start), emptyObject, bytes.subarray(end)]));
  if (message?.result?.start !== start || message.result.end !== start + emptyObject.length) return null;
  return { ...message, ...facts, result: { start, end } };
}

function replaced(bytes: Uint8Array, { start, end }: Span, { before, found }: Repeat): Uint8Array {
  if (found.after === before) return bytes;
  return joinBytes([bytes.subarray(0, start), found.after, bytes.subarray(end)]);
}

/** The definitions are texts of about the same size again. */
function sizeOf(before: Uint8Array, after: Uint8Array): number {
  return 2 * before.length + (after === before ? 0 : after.length);
}
