import { isDecimal } from "@/lib/kernel/decimal";
import type { ErrorCode } from "@/lib/kernel/errors";
import { foldKey } from "@/lib/kernel/fold";
import type { Value, ValueObject } from "@/lib/kernel/value";
import type { RpcId } from "@/lib/http/rpc-message";

/** One JSON-RPC 2.0 message of a client. `idText` is the id as JSON, ready to be put into an answer. */
export type Message =
  | { kind: "request"; id: RpcId; idText: string; method: string; params: ValueObject }
  | { kind: "notification"; method: string; params: ValueObject }
  | { kind: "response" };

export type EnvelopeResult = { ok: true; message: Message } | { ok: false; code: ErrorCode; idText: string };

const envelopeKeys = new Set(["jsonrpc", "id", "method", "params", "result", "error"]);

/** Members of `params` that the protocol defines; a key that only folds to one of them would be read differently elsewhere. */
const paramKeys = new Set(
  [
    "name arguments _meta uri cursor task taskId level ref argument context requestState inputResponses progressToken",
    "protocolVersion capabilities clientInfo requestId reason progress total message notifications",
  ].flatMap((line) => line.split(" ")),
);
const foldedParamKeys = new Map([...paramKeys].map((key) => [foldKey(key), key]));
const noParams: ValueObject = new Map();
const methodBytesMax = 256;

/** Judges the value of a body as a JSON-RPC message (JSON-RPC 2.0, sections 4 and 5; MCP allows neither null ids nor batches). */
export function readEnvelope(value: Value): EnvelopeResult {
  if (Array.isArray(value)) return refuse("batch", null);
  if (!(value instanceof Map)) return refuse("envelope", null);
  const envelope: ValueObject = value;
  const id = readId(envelope.get("id"));
  const idText = id === undefined || id === null ? null : JSON.stringify(id);
  for (const key of envelope.keys()) {
    if (!envelopeKeys.has(key)) return refuse(envelopeKeys.has(foldKey(key)) ? "folded_key" : "envelope", idText);
  }
  if (id === null) return refuse("id", null);
  if (envelope.get("jsonrpc") !== "2.0") return refuse("envelope", idText);
  return envelope.has("method") ? readCall(envelope, id, idText) : readResponse(envelope, id, idText);
}

/** Whether `keys` hold one that folds to a name of `known` without being it. */
export function hasFoldedKey(keys: Iterable<string>, known: ReadonlyMap<string, string>): boolean {
  for (const key of keys) {
    const meant = known.get(foldKey(key));
    if (meant !== undefined && meant !== key) return true;
  }
  return false;
}

function readCall(envelope: ValueObject, id: RpcId | undefined, idText: string | null): EnvelopeResult {
  const method = envelope.get("method");
  const params = envelope.get("params") ?? (envelope.has("params") ? null : noParams);
  const isCall = typeof method === "string" && method.length > 0 && method.length <= methodBytesMax;
  if (!isCall || envelope.has("result") || envelope.has("error")) return refuse("envelope", idText);
  if (!(params instanceof Map)) return refuse("envelope", idText);
  if (hasFoldedKey(params.keys(), foldedParamKeys)) return refuse("folded_key", idText);
  const meta: unknown = params.get("_meta");
  if (meta !== undefined && !(meta instanceof Map)) return refuse("envelope", idText);
  const object: ValueObject = params;
  if (id !== undefined && idText !== null) {
    return { ok: true, message: { kind: "request", id, idText, method, params: object } };
  }
  if (method === "tools/call") return refuse("id", null);
  return { ok: true, message: { kind: "notification", method, params: object } };
}

function readResponse(envelope: ValueObject, id: RpcId | undefined, idText: string | null): EnvelopeResult {
  const isOne = envelope.has("result") !== envelope.has("error");
  if (!isOne || envelope.has("params")) return refuse("envelope", idText);
  return id === undefined ? refuse("id", null) : { ok: true, message: { kind: "response" } };
}

/** Undefined = no id; null = an id that is neither string nor whole number within ±(2^53 − 1). */
function readId(value: Value | undefined): RpcId | null | undefined {
  if (value === undefined || typeof value === "string") return value;
  if (!isDecimal(value)) return null;
  return Number.isSafeInteger(value.int) ? value.int : null;
}

function refuse(code: ErrorCode, idText: string | null): EnvelopeResult {
  return { ok: false, code, idText: idText ?? "null" };
}
