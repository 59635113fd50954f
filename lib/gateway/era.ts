import type { ErrorCode } from "@/lib/kernel/errors";
import type { Value, ValueObject } from "@/lib/kernel/value";
import type { Message } from "./envelope";
import { decodeHeader, type RequestHeaders } from "./request-headers";
import { assumedRevision, eraOfRevision, isRevision, modernRevision, type Era, type Revision } from "./revision";

export type EraResult =
  | { ok: true; era: Era; revision: Revision }
  | { ok: false; code: Extract<ErrorCode, "header_mismatch" | "version" | "meta">; era: Era; requested: string | null };

const versionKey = "io.modelcontextprotocol/protocolVersion";
const capabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
const clientKey = "io.modelcontextprotocol/clientInfo";

/** Where `Mcp-Name` comes from (MCP 2026-07-28, Streamable HTTP, "Standard headers"). */
const nameSources: ReadonlyMap<string, string> = new Map([
  ["tools/call", "name"],
  ["prompts/get", "name"],
  ["resources/read", "uri"],
  ["tasks/get", "taskId"],
  ["tasks/update", "taskId"],
  ["tasks/cancel", "taskId"],
]);

/**
 * Which protocol a message speaks. A header or a body that names 2026-07-28 makes it modern, and then both must agree, as must
 * the mirrors `Mcp-Method` and `Mcp-Name`; the decision itself reads the body only. Everything else is legacy.
 */
export function eraOf(message: Message, headers: RequestHeaders): EraResult {
  if (message.kind === "response") return legacy(headers.version);
  const claim = metaOf(message.params)?.get(versionKey);
  if (claim === undefined) {
    if (headers.version !== modernRevision) return legacy(headers.version);
    if (message.kind === "request") return refuse(message.method === "initialize" ? "header_mismatch" : "meta");
    return isMirror(headers.method, message.method) ? modern : refuse("header_mismatch");
  }
  if (typeof claim !== "string") return refuse("meta");
  if (headers.version !== null && headers.version !== claim) return refuse("header_mismatch");
  if (!isRevision(claim)) return refuse("version", claim);
  if (claim !== modernRevision) return legacy(claim);
  return message.kind === "request" ? checkModern(message, headers) : modern;
}

/** The client's name and version from the modern `_meta`, or from the parameters of a legacy `initialize`. */
export function clientInfoOf(params: ValueObject): { name: string | null; version: string | null } {
  const info = metaOf(params)?.get(clientKey) ?? params.get("clientInfo");
  if (!(info instanceof Map)) return { name: null, version: null };
  return { name: textOf(info.get("name")), version: textOf(info.get("version")) };
}

/** True when a request of 2026-07-28 says in its `_meta` that its client has the extension. */
export function declaresExtension(params: ValueObject, extension: string): boolean {
  const capabilities = metaOf(params)?.get(capabilitiesKey);
  const extensions = capabilities instanceof Map ? (capabilities as ValueObject).get("extensions") : null;
  return extensions instanceof Map && extensions.has(extension);
}

const modern: EraResult = { ok: true, era: "modern", revision: modernRevision };

function legacy(version: string | null): EraResult {
  if (version === null) return { ok: true, era: "legacy", revision: assumedRevision };
  if (!isRevision(version)) return { ok: false, code: "version", era: "legacy", requested: version };
  return { ok: true, era: eraOfRevision(version), revision: version };
}

function checkModern(message: Extract<Message, { kind: "request" }>, headers: RequestHeaders): EraResult {
  if (!(metaOf(message.params)?.get(capabilitiesKey) instanceof Map)) return refuse("meta");
  if (headers.version === null || headers.method === null) return refuse("header_mismatch");
  if (!isMirror(headers.method, message.method)) return refuse("header_mismatch");
  for (const [, value] of headers.params) if (decodeHeader(value) === null) return refuse("header_mismatch");
  const source = nameSources.get(message.method);
  if (source === undefined) return modern;
  const inBody = message.params.get(source);
  if (headers.name === null) return inBody === undefined ? modern : refuse("header_mismatch");
  const decoded = decodeHeader(headers.name);
  return decoded === null || (inBody !== undefined && decoded !== inBody) ? refuse("header_mismatch") : modern;
}

function isMirror(header: string | null, method: string): boolean {
  return header === null || header === method;
}

function metaOf(params: ValueObject): ValueObject | null {
  const meta: Value | undefined = params.get("_meta");
  return meta instanceof Map ? (meta as ValueObject) : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function refuse(code: "header_mismatch" | "version" | "meta", requested: string | null = null): EraResult {
  return { ok: false, code, era: "modern", requested };
}
