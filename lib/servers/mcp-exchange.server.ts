import "server-only";
import type { Dispatcher } from "undici";
import { egressRequest } from "@/lib/http/egress.server";
import { readJson } from "@/lib/kernel/json";
import { isAppError } from "@/lib/kernel/errors";
import { listLimits } from "./definition";
import { SseReader } from "./sse";

const answerBytesMax = 10_485_760;
const headersTimeoutMs = 10_000;
const bodyTimeoutMs = 15_000;

/** Where to scan and with which credential. */
export interface ScanTarget {
  url: string;
  allowPrivateNetwork: boolean;
  headers: Readonly<Record<string, string>>;
}

export interface RpcRequest {
  id: number | null;
  method: string;
  params: Record<string, unknown>;
}

export interface RpcAnswer {
  status: number;
  sessionId: string | null;
  /** The JSON-RPC message that carries the request's id; null when there was none. */
  message: Buffer | null;
  /** Its error code; null for a result. */
  errorCode: number | null;
}

/** A failed step, in words for the server's page: no upstream text, no address. */
export class ExchangeFault extends Error {}

/**
 * Sends one JSON-RPC message by streamable HTTP (MCP 2025-03-26 and later) and reads the answer that carries its id, from JSON
 * or from an event stream. Bounded: 10 MiB, 10 s to the headers, 15 s between bytes, `signal` for the whole.
 * Throws ExchangeFault, or `address_blocked`.
 */
export async function exchange(
  target: ScanTarget,
  request: RpcRequest,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<RpcAnswer> {
  const { id, ...rest } = request;
  const body = JSON.stringify({ jsonrpc: "2.0", ...(id === null ? {} : { id }), ...rest });
  const response = await send(target, "POST", headers, body, signal);
  const sessionId = headerOf(response, "mcp-session-id");
  try {
    const message = id === null ? null : await readAnswer(response, id);
    return { status: response.statusCode, sessionId, message, errorCode: message && errorCodeOf(message) };
  } catch (error) {
    throw asFault(error);
  } finally {
    response.body.on("error", () => undefined).destroy();
  }
}

/** Ends a session; what the upstream says to it does not matter. */
export async function endSession(target: ScanTarget, headers: Record<string, string>): Promise<void> {
  const response = await send(target, "DELETE", headers, null, AbortSignal.timeout(2000)).catch(() => null);
  response?.body.on("error", () => undefined).destroy();
}

async function send(
  target: ScanTarget,
  method: "POST" | "DELETE",
  headers: Record<string, string>,
  body: string | null,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  try {
    return await egressRequest({
      url: target.url,
      method,
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "accept-encoding": "identity",
        "user-agent": "policylayer",
        ...headers,
        ...target.headers,
      },
      body,
      allowPrivateNetwork: target.allowPrivateNetwork,
      signal,
      headersTimeoutMs,
      bodyTimeoutMs,
    });
  } catch (error) {
    throw asFault(error);
  }
}

async function readAnswer(response: Dispatcher.ResponseData, id: number): Promise<Buffer | null> {
  const type = headerOf(response, "content-type")?.split(";")[0]?.trim().toLowerCase();
  if ((headerOf(response, "content-encoding") ?? "identity") !== "identity") {
    throw new ExchangeFault("the answer is compressed although plain was asked for");
  }
  if (type === "text/event-stream") return readStream(response, id);
  const chunks: Buffer[] = [];
  for await (const chunk of bounded(response)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return type === "application/json" && idOf(bytes) === id ? bytes : null;
}

async function readStream(response: Dispatcher.ResponseData, id: number): Promise<Buffer | null> {
  const reader = new SseReader();
  const decoder = new TextDecoder();
  for await (const chunk of bounded(response)) {
    for (const data of reader.take(decoder.decode(chunk, { stream: true }))) {
      const bytes = Buffer.from(data);
      if (idOf(bytes) === id) return bytes;
    }
  }
  return null;
}

async function* bounded(response: Dispatcher.ResponseData): AsyncGenerator<Buffer> {
  let left = answerBytesMax;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    left -= chunk.length;
    if (left < 0) throw new ExchangeFault("the answer is larger than 10 MiB");
    yield chunk;
  }
}

/** The id of a response message; null for requests and notifications of the upstream, and for what cannot be read. */
function idOf(bytes: Buffer): number | null {
  const read = readJson(bytes, listLimits);
  if (!read.ok || !(read.value instanceof Map) || read.value.has("method")) return null;
  const span = read.spans.root.get("id");
  return span ? Number(bytes.subarray(span.start, span.end).toString("latin1")) : null;
}

function errorCodeOf(bytes: Buffer): number | null {
  const message = JSON.parse(bytes.toString("utf8")) as { error?: { code?: unknown } };
  if (message.error === undefined) return null;
  return typeof message.error.code === "number" ? message.error.code : 0;
}

function headerOf(response: Dispatcher.ResponseData, name: string): string | null {
  const value = response.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

function asFault(error: unknown): unknown {
  if (error instanceof ExchangeFault) return error;
  if (isAppError(error) && error.code === "address_blocked") return error;
  if (isAppError(error)) return new ExchangeFault("the server could not be reached", { cause: error });
  const name = error instanceof Error ? error.name : "";
  const late = /Timeout|Abort/.test(name);
  return new ExchangeFault(late ? "the server did not answer in time" : "the connection broke", { cause: error });
}
