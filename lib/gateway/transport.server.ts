import "server-only";
import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { Dispatcher } from "undici";
import { egressRequest, type EgressOptions } from "@/lib/http/egress.server";
import { isAppError } from "@/lib/kernel/errors";
import { upstreamHeaders } from "@/lib/servers/servers.server";
import { joinBytes } from "./byte-join";
import type { Exchange } from "./exchange.server";
import type { CallEnd } from "./outcome";
import { relayedType, toUpstream } from "./upstream-headers";

export type UnsentEnd = Extract<CallEnd, { kind: "unsent" }>;
export type BrokenEnd = Extract<CallEnd, { kind: "broken" }>;

/** An upstream's answer whose body was not read yet. */
export interface UpstreamAnswer {
  status: number;
  headers: Dispatcher.ResponseData["headers"];
  type: "json" | "sse" | null;
  /** Decoded; null when it came in an encoding that is not tolerated. */
  body: Readable | null;
  /** The body as it comes from the wire, to be thrown away. */
  raw: Dispatcher.ResponseData["body"];
}

export type Opened = { ok: true; answer: UpstreamAnswer } | { ok: false; end: UnsentEnd | BrokenEnd };

export interface OpenOptions {
  method: "POST" | "GET" | "DELETE";
  body: Uint8Array | null;
  idleMs: number;
  signal?: AbortSignal;
}

/**
 * Sends one request to the exchange's upstream and waits for the answer's header. The credential is opened here, after whatever
 * had to be durable before, and used for this one request. Never throws, never retries, follows no redirect.
 */
export async function openUpstream(exchange: Exchange, options: OpenOptions): Promise<Opened> {
  const { upstream, settings } = exchange;
  const headers = toUpstream(exchange.headers, options.body !== null);
  try {
    if (upstream.hasHeaders) addCredential(headers, upstreamHeaders(upstream));
  } catch {
    return { ok: false, end: { kind: "unsent", code: "upstream_auth_required" } };
  }
  const request: EgressOptions = {
    url: upstream.url,
    method: options.method,
    headers,
    body: options.body,
    allowPrivateNetwork: upstream.allowPrivateNetwork,
    connectTimeoutMs: settings.deadlines.connectMs,
    headersTimeoutMs: settings.deadlines.firstByteMs,
    bodyTimeoutMs: options.idleMs,
  };
  if (options.signal) request.signal = options.signal;
  try {
    return { ok: true, answer: toAnswer(await egressRequest(request)) };
  } catch (error) {
    return { ok: false, end: endOf(error) };
  }
}

export type Collected = { ok: true; bytes: Uint8Array<ArrayBuffer> } | { ok: false; end: BrokenEnd };

/** Reads a whole body, counted decoded; ends it when it grows over `bytesMax` or takes longer than `withinMs`. */
export function collect(answer: UpstreamAnswer, bytesMax: number, withinMs: number): Promise<Collected> {
  const body = answer.body;
  if (!body) {
    discard(answer);
    return Promise.resolve({ ok: false, end: { kind: "broken", code: "upstream_malformed" } });
  }
  return new Promise((resolve) => {
    const parts: Uint8Array[] = [];
    let total = 0;
    const finish = (collected: Collected) => {
      clearTimeout(timer);
      resolve(collected);
      if (!collected.ok) stopBody(answer);
    };
    const broken = (code: BrokenEnd["code"]) => {
      finish({ ok: false, end: { kind: "broken", code } });
    };
    const timer = setTimeout(() => {
      broken("upstream_timeout");
    }, withinMs);
    body.on("data", (chunk: Uint8Array) => {
      total += chunk.length;
      if (total > bytesMax) broken("upstream_too_large");
      else parts.push(chunk);
    });
    body.on("end", () => {
      finish({ ok: true, bytes: joinBytes(parts, total) as Uint8Array<ArrayBuffer> });
    });
    body.on("error", (error) => {
      finish({ ok: false, end: brokenBy(error) });
    });
  });
}

/** Throws an unread body away; a small one is drained, so that its connection stays usable. */
export function discard(answer: UpstreamAnswer): void {
  answer.raw.dump({ limit: 65_536 }).catch(() => undefined);
}

/** Ends an upstream's body in the middle, which closes its connection. */
export function stopBody(answer: UpstreamAnswer): void {
  // A destroyed stream may still emit the error that ended it.
  answer.body?.on("error", () => undefined);
  answer.raw.on("error", () => undefined);
  answer.body?.destroy();
  answer.raw.destroy();
}

/** How an error of the connection ends a call: nothing is assumed about one that came after the first byte may have left. */
export function brokenBy(error: unknown): BrokenEnd {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT") {
    return { kind: "broken", code: "upstream_timeout" };
  }
  const unreadable = typeof code === "string" && (code.startsWith("Z_") || code.startsWith("ERR__ERROR_FORMAT"));
  return { kind: "broken", code: unreadable ? "upstream_malformed" : "upstream_error" };
}

function endOf(error: unknown): UnsentEnd | BrokenEnd {
  if (!isAppError(error)) return brokenBy(error);
  if (error.code === "address_blocked" || error.code === "upstream_unreachable") {
    return { kind: "unsent", code: error.code };
  }
  return brokenBy(error);
}

function toAnswer(response: Dispatcher.ResponseData): UpstreamAnswer {
  const { statusCode: status, headers, body } = response;
  const type = relayedType(textOf(headers["content-type"]));
  return { status, headers, type, body: decoded(body, textOf(headers["content-encoding"])), raw: body };
}

/** One layer of compression is tolerated although none was asked for. */
function decoded(body: Dispatcher.ResponseData["body"], encoding: string | null): Readable | null {
  switch (encoding?.trim().toLowerCase() ?? "") {
    case "":
    case "identity":
      return body;
    case "gzip":
    case "x-gzip":
      return pipeInto(body, createGunzip());
    case "deflate":
      return pipeInto(body, createInflate());
    case "br":
      return pipeInto(body, createBrotliDecompress());
    default:
      return null;
  }
}

function pipeInto<T extends NodeJS.ReadWriteStream & Readable>(body: Readable, decoder: T): T {
  body.on("error", (error) => decoder.destroy(error));
  body.pipe(decoder);
  return decoder;
}

function addCredential(headers: Record<string, string>, credential: Record<string, string>): void {
  for (const [name, value] of Object.entries(credential)) headers[name.toLowerCase()] = value;
}

function textOf(value: string | string[] | undefined): string | null {
  return Array.isArray(value) ? value.join(", ") : (value ?? null);
}
