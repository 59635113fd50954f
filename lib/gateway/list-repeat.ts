import { singleton } from "@/lib/kernel/singleton";
import type { ListFilter, Rewritten } from "./list-filter";

/** A page that was rewritten, and by what. A changed policy or catalogue is another object, so that nothing outlives a change. */
interface Repeat {
  before: Uint8Array;
  policy: ListFilter["policy"];
  tools: ListFilter["pins"]["tools"];
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

const repeats = singleton<Repeats>("gateway-repeated-lists", () => ({ entries: [], bytes: 0 }));

/** How the same bytes were rewritten by the same policy and catalogue, or null. Compares all bytes, so a hit is never a guess. */
export function findRepeat(before: Uint8Array, { policy, pins, isModern }: ListFilter): Rewritten | null {
  if (before.length < pageBytesMin) return null;
  const entry = repeats.entries.find(
    (one) =>
      one.tools === pins.tools &&
      one.policy === policy &&
      one.isModern === isModern &&
      one.before.length === before.length &&
      Buffer.compare(one.before, before) === 0,
  );
  if (!entry) return null;
  const { after, ...found } = entry.found;
  return { ...found, after: after === entry.before ? before : after };
}

/** Remembers a page; the oldest ones go when there is no room. */
export function keepRepeat(before: Uint8Array, { policy, pins, isModern }: ListFilter, found: Rewritten): void {
  if (before.length < pageBytesMin || before.length > bytesMax / 8) return;
  const copy = before.slice();
  const after = found.after === before ? copy : found.after.slice();
  repeats.entries.push({ before: copy, policy, tools: pins.tools, isModern, found: { ...found, after } });
  repeats.bytes += sizeOf(copy, after);
  while (repeats.entries.length > entriesMax || repeats.bytes > bytesMax) {
    const oldest = repeats.entries.shift();
    if (oldest) repeats.bytes -= sizeOf(oldest.before, oldest.found.after);
  }
}

/** The definitions are texts of about the same size again. */
function sizeOf(before: Uint8Array, after: Uint8Array): number {
  return 2 * before.length + (after === before ? 0 : after.length);
}
