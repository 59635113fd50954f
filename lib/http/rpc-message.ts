import { findMembers, findRootAndInner, readString, readText, type Member, type Span } from "./json-span";

/** A JSON-RPC id as a client may choose it. */
export type RpcId = string | number;

/** What the relay must know of a result; it depends on the result's own bytes alone. */
export interface ResultFacts {
  isError: boolean;
  /** The result's `resultType` (2026-07-28); null when absent. */
  resultType: string | null;
  /** The task that the result hands out (2025-11-25 `task.taskId`, 2026-07-28 `resultType: "task"`); null when it is none. */
  taskId: string | null;
  /** The result holds a list named `tools`, as the answer to `tools/list` does. */
  listsTools: boolean;
}

/** Where a result stands, with its members where they were read on the way. */
export interface ResultSpan extends Span {
  members?: readonly Member[];
}

/** What the relay must know of a message that an upstream sent; the bytes themselves are not kept here. */
export interface RpcMessage extends ResultFacts {
  /** `answer` = a result or an error; `call` = the upstream's own request or notification. */
  kind: "answer" | "call";
  /** Null for a notification and for an answer to a request that could not be read. */
  id: RpcId | null;
  /** Span of `result`; null in errors and calls. */
  result: ResultSpan | null;
  /** The code of `error`; null in results and calls. */
  errorCode: number | null;
}

/** Reads one message of an upstream; null when it is not one JSON-RPC 2.0 message (a batch is none). */
export function readRpcMessage(bytes: Uint8Array): RpcMessage | null {
  // In one walk: an answer may be megabytes.
  const found = findRootAndInner(bytes, "result");
  if (!found) return null;
  // Written out, as below: every answer of every call comes through here.
  let id: Member | null = null;
  let result: Member | null = null;
  let error: Member | null = null;
  let isCall = false;
  for (const member of found.root) {
    const { key } = member;
    if (key === "id") id = member;
    else if (key === "result") result = member;
    else if (key === "error") error = member;
    else if (key === "method") isCall = true;
  }
  const idValue = id ? readId(bytes, id) : null;
  if (idValue === undefined) return null;
  if (isCall) return result || error ? null : { ...blank, kind: "call", id: idValue };
  if (result && !error) return readResult(bytes, idValue, result, found.inner);
  if (error && !result) return readError(bytes, idValue, error);
  return null;
}

const blank = {
  result: null,
  isError: false,
  resultType: null,
  taskId: null,
  listsTools: false,
  errorCode: null,
} as const;

function readResult(bytes: Uint8Array, id: RpcId | null, span: Span, members: Member[] | null): RpcMessage | null {
  if (!members) return null;
  const { isError, resultType, taskId, listsTools } = readResultFacts(bytes, members);
  const result = { start: span.start, end: span.end, members };
  return { kind: "answer", id, result, isError, resultType, taskId, listsTools, errorCode: null };
}

/** The facts of the result whose members these are, as `readRpcMessage` gives them. */
export function readResultFacts(bytes: Uint8Array, members: readonly Member[]): ResultFacts {
  let isError = false;
  let listsTools = false;
  let resultType: string | null = null;
  for (const member of members) {
    const { key } = member;
    if (key === "isError") isError = bytes[member.start] === 0x74;
    else if (key === "resultType") resultType = readString(bytes, member);
    else if (key === "tools") listsTools = bytes[member.start] === 0x5b;
  }
  return { isError, resultType, taskId: taskIdOf(bytes, members, resultType), listsTools };
}

function taskIdOf(bytes: Uint8Array, members: readonly Member[], resultType: string | null): string | null {
  const task = resultType === null ? members.find(({ key }) => key === "task") : undefined;
  const parts = task ? findMembers(bytes, task) : resultType === "task" ? members : null;
  const id = parts?.find(({ key }) => key === "taskId");
  return id ? readString(bytes, id) : null;
}

function readError(bytes: Uint8Array, id: RpcId | null, span: Span): RpcMessage | null {
  const code = findMembers(bytes, span)?.find((member) => member.key === "code");
  const value = code ? Number(readText(bytes, code)) : NaN;
  return Number.isInteger(value) ? { ...blank, kind: "answer", id, errorCode: value } : null;
}

/** The id at `span`; undefined when it is neither string, safe integer nor null. */
function readId(bytes: Uint8Array, span: Span): RpcId | null | undefined {
  if (bytes[span.start] === 0x22) return readString(bytes, span) ?? undefined;
  if (bytes[span.start] === 0x6e) return null;
  const value = Number(readText(bytes, span));
  return Number.isSafeInteger(value) ? value : undefined;
}
