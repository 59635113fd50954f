import { joinBytes } from "@/lib/http/byte-join";
import {
  findElements,
  findMembers,
  findRootMembers,
  readString,
  readText,
  type Member,
  type Span,
} from "@/lib/http/json-span";
import { applyEdits, cutSpans, setMember, type Edit } from "@/lib/http/json-splice";
import { readResultFacts, type ResultFacts, type ResultSpan } from "@/lib/http/rpc-message";
import type { CompiledPolicy } from "@/lib/policy/compiled";
import { isHidden } from "@/lib/policy/evaluate";
import { findKnownTool, type ListedTool } from "./list-known";
import { pinAction, type Pins } from "./list-pins";
import { findRepeat, keepRepeat } from "./list-repeat";

/** By what a grant's tool lists are rewritten. */
export interface ListFilter {
  /** Hides tools; null = the grant has none. */
  policy: CompiledPolicy | null;
  /** The definitions that people accepted, and what becomes of others. */
  pins: Pins;
  /** 2026-07-28: answers also say how long and for whom they may be cached. */
  isModern: boolean;
}

export interface FilteredList {
  bytes: Uint8Array;
  /** Every tool of the page, hidden and new ones too: name and definition as the upstream wrote it. */
  tools: readonly ListedTool[];
  /** True when the page is the end of the list. */
  isLast: boolean;
  /** True when the very same page was rewritten by the same policy and catalogue before: there is nothing to learn from it. */
  isRepeat: boolean;
}

/** A page as it is passed on. `after` is the very same array where nothing changes. */
export interface Rewritten {
  after: Uint8Array;
  tools: FilteredList["tools"];
  isLast: boolean;
  /** Of the page as it came. */
  facts: ResultFacts;
}

/** How long a client may keep a filtered list, milliseconds: what a policy hides must disappear soon. */
const listTtlMsMax = 30_000;

/**
 * A `tools/list` answer as a grant may see it: without the tools that the policy hides or that nobody accepted, and with the
 * accepted definition where the upstream now writes another one. All other bytes stay: the tools' order, `nextCursor`, `_meta`,
 * white space and unknown members. `at` is the answer's `result`, where the caller knows it. Null when the list cannot
 * be read without doubt, which is an upstream failure: an unread list never passes unfiltered.
 */
export function filterToolList(bytes: Uint8Array, filter: ListFilter, at?: ResultSpan): FilteredList | null {
  const result = at ?? findResult(bytes);
  if (!result) return null;
  const before = bytes.subarray(result.start, result.end);
  const place = { head: result.start, tail: bytes.length - result.end };
  const repeat = findRepeat(before, place, filter);
  const found = repeat ?? rewriteResult(before, filter, movedTo(result));
  if (!found) return null;
  if (!repeat) keepRepeat(before, place, filter, found);
  const { after, tools, isLast } = found;
  const parts = [bytes.subarray(0, result.start), after, bytes.subarray(result.end)];
  return { bytes: after === before ? bytes : joinBytes(parts), tools, isLast, isRepeat: repeat !== null };
}

/** The members of a result as they stand in its own bytes. */
function movedTo({ start, members }: ResultSpan): Member[] | undefined {
  return members?.map((member) => ({
    key: member.key,
    keyStart: member.keyStart - start,
    start: member.start - start,
    end: member.end - start,
  }));
}

function rewriteResult(bytes: Uint8Array, filter: ListFilter, members?: readonly Member[]): Rewritten | null {
  const result = { start: 0, end: bytes.length };
  const list = members ?? findMembers(bytes, result);
  const member = list?.find(({ key }) => key === "tools");
  const known = new Map<number, ListedTool>();
  const endOf = (at: number) => {
    const found = findKnownTool(bytes, at, filter.pins);
    if (found) known.set(at, found.tool);
    return found && found.end;
  };
  const elements = member && findElements(bytes, member, endOf);
  if (!list || !elements) return null;
  const tools: ListedTool[] = [];
  const kept: boolean[] = [];
  const edits: Edit[] = [];
  for (const element of elements) {
    const tool = known.get(element.start) ?? readTool(bytes, element);
    if (!tool) return null;
    tools.push(tool);
    const isCut = filter.policy !== null && isHidden(filter.policy, tool.name);
    const action = isCut ? { kind: "cut" as const } : pinAction(tool.name, tool.definition, filter.pins);
    kept.push(action.kind !== "cut");
    if (action.kind === "replace") edits.push({ ...element, text: action.text });
  }
  edits.push(...cutSpans(elements, kept));
  if (filter.isModern) edits.push(...cacheEdits(bytes, result, list, true));
  const cursor = list.find(({ key }) => key === "nextCursor");
  const isLast = !cursor || readText(bytes, cursor) === "null";
  return { after: applyEdits(bytes, edits), tools, isLast, facts: readResultFacts(bytes, list) };
}

/** A list or read answer of 2026-07-28 marked `private`, because grants differ in what they may read; null = unreadable. */
export function markPrivate(bytes: Uint8Array): Uint8Array | null {
  const result = findResult(bytes);
  const members = result && findMembers(bytes, result);
  return members ? applyEdits(bytes, cacheEdits(bytes, result, members, false)) : null;
}

function findResult(bytes: Uint8Array): Span | null {
  return findRootMembers(bytes)?.find(({ key }) => key === "result") ?? null;
}

function readTool(bytes: Uint8Array, span: Span): ListedTool | null {
  const member = findMembers(bytes, span)?.find(({ key }) => key === "name");
  const name = member ? readString(bytes, member) : null;
  const definition = readText(bytes, span);
  return name === null || definition === null ? null : { name, definition };
}

function cacheEdits(bytes: Uint8Array, result: Span, members: readonly Member[], isToolPage: boolean): Edit[] {
  const ttl = members.find(({ key }) => key === "ttlMs");
  const edits = [setMember(result, members, "cacheScope", '"private"')];
  const ttlMs = ttl ? Number(readText(bytes, ttl)) : 0;
  if (isToolPage && ttl && !(ttlMs <= listTtlMsMax)) {
    edits.push({ start: ttl.start, end: ttl.end, text: String(listTtlMsMax) });
  }
  return edits;
}
