import "server-only";
import type { Readable } from "node:stream";
import { egressRequest } from "@/lib/http/egress.server";
import { redactOf } from "@/lib/http/redact";
import { readJson } from "@/lib/kernel/json";
import { isAppError } from "@/lib/kernel/errors";
import { openChannel } from "./channel.server";
import { listLimits } from "./definition";
import type { Upstream } from "./lookup.server";
import { SseReader } from "./sse";
import type { ProcessEnd } from "./stdio-process.server";

const answerBytesMax = 10_485_760;
const headersTimeoutMs = 10_000;
const bodyTimeoutMs = 15_000;
/** A local process may have to unpack itself first. */
const startTimeoutMs = 25_000;

/** What to scan and with which credential. */
export interface ScanTarget {
  upstream: Upstream;
  headers: Readonly<Record<string, string>>;
}

/** An answer's head, and its body as it comes. */
interface Arrived {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Readable;
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

/** A failed step, in words for the server's page: no address, no upstream text but the last words of a process that died. */
export class ExchangeFault extends Error {}

/**
 * Sends one JSON-RPC message by streamable HTTP (MCP 2025-03-26 and later), or through the channel that speaks it for other
 * transports, and reads the answer that carries its id, from JSON or from an event stream. Bounded: 10 MiB, 10 s to the headers
 * (25 s of a local process), 15 s between bytes, `signal` for the whole. Throws ExchangeFault, or `address_blocked`.
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
    const read = id === null ? null : await readAnswer(response, id);
    // As the gateway relays it: a list that repeats our credential is neither stored nor shown with it.
    const message = read && Buffer.from(redactOf(Object.values(target.headers))(read));
    return { status: response.status, sessionId, message, errorCode: message && errorCodeOf(message) };
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
): Promise<Arrived> {
  const lines = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "accept-encoding": "identity",
    "user-agent": "policylayer",
    ...headers,
    ...lowered(target.headers),
  };
  try {
    return await (target.upstream.transport === "http" ? sendHttp : sendChannel)(
      target.upstream,
      method,
      lines,
      body,
      signal,
    );
  } catch (error) {
    throw asFault(error);
  }
}

type Send = (
  upstream: Upstream,
  method: "POST" | "DELETE",
  headers: Record<string, string>,
  body: string | null,
  signal: AbortSignal,
) => Promise<Arrived>;

const sendHttp: Send = async (upstream, method, headers, body, signal) => {
  const { url, allowPrivateNetwork, caPem } = upstream;
  const trust = { allowPrivateNetwork, caPem, partition: upstream.id };
  const times = { headersTimeoutMs, bodyTimeoutMs };
  const response = await egressRequest({ url, method, headers, body, signal, ...trust, ...times });
  return { status: response.statusCode, headers: response.headers, body: response.body };
};

const sendChannel: Send = (upstream, method, headers, body, signal) => {
  const firstByteMs = upstream.transport === "stdio" ? startTimeoutMs : headersTimeoutMs;
  const deadlines = { connectMs: headersTimeoutMs, firstByteMs, idleMs: bodyTimeoutMs };
  return openChannel(upstream, { method, headers, body: body === null ? null : Buffer.from(body), deadlines, signal });
};

function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

async function readAnswer(response: Arrived, id: number): Promise<Buffer | null> {
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

async function readStream(response: Arrived, id: number): Promise<Buffer | null> {
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

async function* bounded(response: Arrived): AsyncGenerator<Buffer> {
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

function headerOf(response: Arrived, name: string): string | null {
  const value = response.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

function asFault(error: unknown): unknown {
  if (error instanceof ExchangeFault) return error;
  if (isAppError(error) && error.code === "address_blocked") return error;
  if (isAppError(error)) return new ExchangeFault("the server could not be reached", { cause: error });
  if (isProcessEnd(error)) return new ExchangeFault(endText(error), { cause: error });
  const name = error instanceof Error ? error.name : "";
  const late = /Timeout|Abort/.test(name);
  return new ExchangeFault(late ? "the server did not answer in time" : "the connection broke", { cause: error });
}

function isProcessEnd(error: unknown): error is ProcessEnd {
  return error instanceof Error && "words" in error && typeof error.words === "string";
}

function endText({ message, words }: ProcessEnd): string {
  return words === "" ? message : `${message}; it wrote: ${words}`;
}
