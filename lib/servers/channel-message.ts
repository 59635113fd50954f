import { findMembers, findRootMembers, readString, readText, type Member, type Span } from "@/lib/http/json-span";
import { joinBytes } from "@/lib/http/byte-join";

/** An id or a progress token: where it stands, and a text that is the same for equal values. */
export interface Mark extends Span {
  readonly key: string;
}

/** What a channel must know of one JSON-RPC message; its bytes are passed on as they came. */
export interface ChannelMessage {
  readonly kind: "request" | "notification" | "answer";
  /** Null for a notification and for an answer to what could not be read. */
  readonly id: Mark | null;
  /** Null for an answer. */
  readonly method: string | null;
  /** Of a request `params._meta.progressToken`, of a progress notification `params.progressToken`. */
  readonly progressToken: Mark | null;
  /** `params.requestId` of a cancellation. */
  readonly cancelledId: Mark | null;
  /** `_meta["io.modelcontextprotocol/subscriptionId"]` of a notification or a result (MCP 2026-07-28). */
  readonly subscriptionId: Mark | null;
  /** The code of `error`, 0 when it has none; null in everything else. */
  readonly errorCode: number | null;
  /** `result.protocolVersion` of an answer. */
  readonly protocolVersion: Mark | null;
}

/** Reads one message; null when the bytes are not one JSON-RPC message with its required members. */
export function readChannelMessage(bytes: Uint8Array): ChannelMessage | null {
  const root = findRootMembers(bytes);
  if (!root) return null;
  const id = markOf(bytes, memberOf(root, "id"));
  const method = memberOf(root, "method");
  if (method) return readCall(bytes, root, readString(bytes, method), id);
  const [result, error] = [memberOf(root, "result"), memberOf(root, "error")];
  if (!result === !error) return null;
  const inside = membersAt(bytes, result);
  return {
    ...blank,
    kind: "answer",
    id,
    errorCode: error ? codeOf(bytes, error) : null,
    protocolVersion: markOf(bytes, memberOf(inside, "protocolVersion")),
    subscriptionId: subscriptionOf(bytes, inside),
  };
}

const blank = {
  id: null,
  method: null,
  progressToken: null,
  cancelledId: null,
  subscriptionId: null,
  errorCode: null,
  protocolVersion: null,
} as const;

function readCall(bytes: Uint8Array, root: readonly Member[], method: string | null, id: Mark | null) {
  if (method === null) return null;
  const params = membersAt(bytes, memberOf(root, "params"));
  const kind = memberOf(root, "id") ? "request" : "notification";
  if (kind === "request" && id === null) return null;
  const meta = membersAt(bytes, memberOf(params, "_meta"));
  return {
    ...blank,
    kind,
    id,
    method,
    progressToken: markOf(bytes, memberOf(kind === "request" ? meta : params, "progressToken")),
    cancelledId: method === "notifications/cancelled" ? markOf(bytes, memberOf(params, "requestId")) : null,
    subscriptionId: subscriptionOf(bytes, params),
  } as const;
}

function subscriptionOf(bytes: Uint8Array, members: readonly Member[]): Mark | null {
  const meta = membersAt(bytes, memberOf(members, "_meta"));
  return markOf(bytes, memberOf(meta, "io.modelcontextprotocol/subscriptionId"));
}

/** One replaced value. */
export interface Edit extends Span {
  readonly text: string;
}

/** The same bytes but for the values replaced; spans must not overlap. */
export function splice(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(bytes.subarray(at, edit.start), encoder.encode(edit.text));
    at = edit.end;
  }
  parts.push(bytes.subarray(at));
  return joinBytes(parts);
}

/** The JSON text of a value as it stands in the bytes. */
export function textOf(bytes: Uint8Array, span: Span): string {
  return readText(bytes, span) ?? "null";
}

const encoder = new TextEncoder();

function memberOf(members: readonly Member[], key: string): Member | undefined {
  return members.find((member) => member.key === key);
}

function membersAt(bytes: Uint8Array, span: Span | undefined): readonly Member[] {
  return (span && findMembers(bytes, span)) ?? [];
}

/** Strings and whole numbers; null for everything else. */
function markOf(bytes: Uint8Array, span: Span | undefined): Mark | null {
  if (!span) return null;
  const { start, end } = span;
  if (bytes[start] === 0x22) {
    const text = readString(bytes, span);
    return text === null ? null : { start, end, key: `"${text}` };
  }
  const value = Number(readText(bytes, span));
  return /[0-9]/.test(String.fromCharCode(bytes[end - 1] ?? 0)) && Number.isSafeInteger(value)
    ? { start, end, key: String(value) }
    : null;
}

function codeOf(bytes: Uint8Array, error: Span): number {
  const code = memberOf(membersAt(bytes, error), "code");
  const value = code ? Number(readText(bytes, code)) : NaN;
  return Number.isInteger(value) ? value : 0;
}
