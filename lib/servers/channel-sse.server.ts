import "server-only";
import type { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { egressRequest } from "@/lib/http/egress.server";
import { eventType, SseSplitter, type SseEvent } from "@/lib/http/sse-parse";
import { AppError, isAppError } from "@/lib/kernel/errors";
import { wholeAnswer, type ChannelAnswer, type ChannelRequest } from "./channel-answer.server";
import { brokenLink, type Link, type LinkEvents } from "./channel-link.server";
import type { Upstream } from "./lookup.server";

const eventBytesMax = 10 * 1024 * 1024;
/** Of an answer that refuses a message. */
const refusalBytesMax = 65_536;

/**
 * Opens the event stream of an HTTP+SSE server (MCP 2024-11-05, "HTTP with SSE") and waits for the address that messages are
 * posted to, which must be of the stream's own origin. Gives the server's answer instead when it is no such stream. Throws
 * `upstream_unreachable`, `address_blocked`: nothing of the message was sent.
 */
export async function openSseLink(
  upstream: Upstream,
  request: ChannelRequest,
  events: LinkEvents,
): Promise<Link | ChannelAnswer> {
  const stop = new AbortController();
  const response = await get(upstream, request, stop.signal);
  const type = lineOf(response, "content-type")?.split(";")[0]?.trim().toLowerCase();
  if (response.statusCode === 200 && type === "text/event-stream") {
    return SseLink.open(upstream, response.body, request, events, stop);
  }
  if (response.statusCode >= 300) return refusalOf(response, request);
  response.body.on("error", () => undefined).destroy();
  throw new AppError("upstream_unreachable", { detail: "not an event stream" });
}

class SseLink implements Link {
  readonly #upstream: Upstream;
  readonly #body: Readable;
  readonly #endpoint: URL;
  readonly #stop: AbortController;

  private constructor(upstream: Upstream, body: Readable, endpoint: URL, stop: AbortController) {
    this.#upstream = upstream;
    this.#body = body;
    this.#endpoint = endpoint;
    this.#stop = stop;
  }

  static async open(
    upstream: Upstream,
    body: Readable,
    request: ChannelRequest,
    events: LinkEvents,
    stop: AbortController,
  ): Promise<SseLink> {
    try {
      const reference = await readEvents(body, request, events);
      return new SseLink(upstream, body, resolveEndpoint(upstream.url, reference), stop);
    } catch (error) {
      body.on("error", () => undefined).destroy();
      throw isAppError(error) ? error : unreachable("the stream ended before it named an address", error);
    }
  }

  async send(message: Uint8Array, request: ChannelRequest): Promise<ChannelAnswer | null> {
    const { upstream, headers } = { upstream: this.#upstream, headers: linesFor(request) };
    const response = await egressRequest({
      ...routeTo(upstream, request),
      url: this.#endpoint,
      method: "POST",
      headers: { ...headers, accept: "application/json, text/event-stream", "content-type": "application/json" },
      body: message,
      headersTimeoutMs: request.deadlines.firstByteMs,
      bodyTimeoutMs: request.deadlines.idleMs,
      signal: this.#stop.signal,
    });
    if (response.statusCode < 200 || response.statusCode >= 300) return refusalOf(response, request);
    response.body.dump({ limit: refusalBytesMax }).catch(() => undefined);
    return null;
  }

  hold(isHeld: boolean): void {
    if (isHeld) this.#body.pause();
    else this.#body.resume();
  }

  close(): Promise<void> {
    this.#body.on("error", () => undefined).destroy();
    this.#stop.abort();
    return Promise.resolve();
  }
}

function get(upstream: Upstream, request: ChannelRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
  return egressRequest({
    ...routeTo(upstream, request),
    url: upstream.url,
    method: "GET",
    headers: { ...linesFor(request), accept: "text/event-stream" },
    headersTimeoutMs: request.deadlines.firstByteMs,
    // The stream may be silent for as long as nothing happens; the session's own idle time ends it.
    bodyTimeoutMs: 0,
    signal,
  }).catch((error: unknown) => {
    throw isAppError(error) ? error : unreachable("no event stream", error);
  });
}

/** Passes on the stream's messages from now on; gives the first `endpoint` that it names. */
function readEvents(body: Readable, request: ChannelRequest, events: LinkEvents): Promise<string> {
  return new Promise((resolve, reject) => {
    const splitter = new SseSplitter({ eventBytesMax, eventsMax: Infinity, streamBytesMax: Infinity });
    let isOver = false;
    const over = (error: Error) => {
      clearTimeout(timer);
      reject(error);
      if (!isOver) events.onEnd(error);
      isOver = true;
    };
    const timer = setTimeout(() => {
      over(unreachable("no endpoint event in time"));
    }, request.deadlines.firstByteMs);
    body.on("data", (chunk: Uint8Array) => {
      const found = splitter.push(chunk);
      if (!found) over(new AppError("upstream_too_large", { detail: "one event" }));
      else for (const event of found) take(event);
    });
    const take = (event: SseEvent) => {
      if (isOver || !event.data) return;
      if (event.isMessage) events.onMessage(event.data);
      else if (eventType(event) === "endpoint") {
        clearTimeout(timer);
        resolve(new TextDecoder().decode(event.data));
      }
    };
    body.on("end", () => {
      over(brokenLink("The event stream ended"));
    });
    body.on("error", (error) => {
      over(error);
    });
  });
}

/** RFC 3986, section 5; another origin than the stream's would get this server's credential. */
function resolveEndpoint(base: string, reference: string): URL {
  const url = URL.parse(reference.trim(), base);
  if (!url) throw unreachable("the endpoint is not a URL");
  if (url.origin !== new URL(base).origin)
    throw new AppError("address_blocked", { detail: "endpoint of another origin" });
  return url;
}

function routeTo(upstream: Upstream, { deadlines }: ChannelRequest) {
  const { allowPrivateNetwork, id: partition, caPem } = upstream;
  return { allowPrivateNetwork, partition, caPem, connectTimeoutMs: deadlines.connectMs };
}

/** The request's lines without those of streamable HTTP, which this transport does not know. */
function linesFor({ headers }: ChannelRequest): Record<string, string> {
  const isKept = (name: string) => !/^(mcp-.*|last-event-id|content-type|accept)$/.test(name);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isKept(name)));
}

async function refusalOf(response: Dispatcher.ResponseData, request: ChannelRequest): Promise<ChannelAnswer> {
  const headers: Record<string, string> = {};
  for (const name of ["content-type", "retry-after", "www-authenticate"]) {
    const line = lineOf(response, name);
    if (line !== null) headers[name] = line;
  }
  const body = await readSmall(response.body, request.deadlines.firstByteMs);
  return wholeAnswer(response.statusCode, body, headers);
}

/** The body when it is small and comes in time, otherwise nothing. */
async function readSmall(body: Readable, withinMs: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let left = refusalBytesMax;
  const timer = setTimeout(() => body.destroy(), withinMs);
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      left -= chunk.length;
      if (left < 0) return new Uint8Array();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch {
    return new Uint8Array();
  } finally {
    clearTimeout(timer);
  }
}

function lineOf(response: Dispatcher.ResponseData, name: string): string | null {
  const line = response.headers[name];
  return (Array.isArray(line) ? line[0] : line) ?? null;
}

function unreachable(detail: string, cause?: unknown): AppError {
  return new AppError("upstream_unreachable", { detail, cause });
}
