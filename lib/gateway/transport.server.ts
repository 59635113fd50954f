import "server-only";
import type { Readable } from "node:stream";
import { egressRequest, type EgressOptions } from "@/lib/http/egress.server";
import type { Redact } from "@/lib/http/redact";
import { isAppError } from "@/lib/kernel/errors";
import { openChannel } from "@/lib/servers/channel.server";
import { noteRefusal, openCredential, renewCredential, type Credential } from "@/lib/servers/servers.server";
import { redactFor } from "./redaction.server";
import { passBreaker, type Hearing } from "./breaker.server";
import type { Exchange } from "./exchange.server";
import type { BrokenEnd, UnsentEnd } from "./outcome";
import { brokenBy, decoded, type UpstreamAnswer } from "./upstream-answer.server";
import { relayedType, toUpstream } from "./upstream-headers";

export type Opened = { ok: true; answer: UpstreamAnswer } | { ok: false; end: UnsentEnd | BrokenEnd };

export interface OpenOptions {
  method: "POST" | "GET" | "DELETE";
  body: Uint8Array | null;
  idleMs: number;
  /** A stream that only listens: its head is all that says whether the upstream is well, and its silence says nothing. */
  isListening?: boolean;
  signal?: AbortSignal;
}

/** An answer's head and its body as it comes from the wire, whatever carried it. */
interface Arrived {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Readable;
  discard: () => void;
  stop: () => void;
}

/**
 * Sends one request to the exchange's upstream and waits for the answer's header: breaker, credential, connection. The credential is
 * opened here, after whatever had to be durable before, and used for this one request. Never throws, follows no redirect, and never
 * sends twice, with one exception: after a 401 an OAuth upstream, which has then not run anything, is asked once more with a
 * refreshed token.
 */
export async function openUpstream(exchange: Exchange, options: OpenOptions): Promise<Opened> {
  const { upstream } = exchange;
  const leave = passBreaker(upstream);
  if (!leave.ok) return unsent("circuit_open", leave.retryAfterMs);
  let credential: Credential;
  try {
    credential = upstream.authMode === "static" && !upstream.hasHeaders ? none : await openCredential(upstream);
  } catch {
    leave.hear("abandoned");
    return unsent("upstream_auth_required");
  }
  const used = [credential];
  try {
    let arrived = await send(exchange, options, credential);
    if (arrived.status === 401 && upstream.authMode === "oauth") {
      const renewed = await renewCredential(upstream, credential);
      if (renewed) {
        arrived.discard();
        used.push(renewed);
        arrived = await send(exchange, options, renewed);
      }
    }
    if (upstream.authMode === "oauth" && (arrived.status === 401 || arrived.status === 403)) {
      await noteRefusal(upstream, used.at(-1) ?? none, {
        status: arrived.status,
        challenge: textOf(arrived.headers["www-authenticate"]),
      });
    }
    return { ok: true, answer: toAnswer(arrived, leave.hear, redactFor(upstream, used), options.isListening) };
  } catch (error) {
    const end = endOf(error);
    leave.hear(end.code === "upstream_unreachable" || end.code === "upstream_timeout" ? "failed" : "abandoned");
    return { ok: false, end };
  }
}

const none: Credential = {};

function send(exchange: Exchange, options: OpenOptions, credential: Credential): Promise<Arrived> {
  const { upstream } = exchange;
  const headers = toUpstream(exchange.headers, options.body !== null, upstream.forwardHeaders);
  addCredential(headers, credential);
  return upstream.transport === "http" ? sendHttp(exchange, options, headers) : sendChannel(exchange, options, headers);
}

async function sendHttp(exchange: Exchange, options: OpenOptions, headers: Record<string, string>): Promise<Arrived> {
  const { upstream, settings } = exchange;
  const request: EgressOptions = {
    url: upstream.url,
    method: options.method,
    headers,
    body: options.body,
    allowPrivateNetwork: upstream.allowPrivateNetwork,
    partition: upstream.id,
    caPem: upstream.caPem,
    connectTimeoutMs: settings.deadlines.connectMs,
    headersTimeoutMs: settings.deadlines.firstByteMs,
    bodyTimeoutMs: options.idleMs,
  };
  if (options.signal) request.signal = options.signal;
  const { statusCode: status, headers: answered, body } = await egressRequest(request);
  return {
    status,
    headers: answered,
    body,
    discard: () => {
      body.dump({ limit: 65_536 }).catch(() => undefined);
    },
    stop: () => {
      // A destroyed stream may still emit the error that ended it.
      body.on("error", () => undefined).destroy();
    },
  };
}

/** Upstreams that do not speak streamable HTTP are made to answer as if they did. */
function sendChannel(exchange: Exchange, options: OpenOptions, headers: Record<string, string>): Promise<Arrived> {
  const { connectMs, firstByteMs } = exchange.settings.deadlines;
  return openChannel(exchange.upstream, {
    method: options.method,
    headers,
    body: options.body,
    deadlines: { connectMs, firstByteMs, idleMs: options.idleMs },
    ...(options.signal ? { signal: options.signal } : {}),
  });
}

function toAnswer(arrived: Arrived, hear: Hearing, redact: Redact, isListening = false): UpstreamAnswer {
  const { status, headers } = arrived;
  hear(status >= 500 ? "failed" : isListening ? "finished" : "answered");
  const body = decoded(arrived.body, textOf(headers["content-encoding"]));
  body?.once("end", () => {
    hear("finished");
  });
  body?.once("error", (error) => {
    hear(brokenBy(error).code === "upstream_timeout" ? "failed" : "abandoned");
  });
  return {
    status,
    headers,
    type: relayedType(textOf(headers["content-type"])),
    body,
    redact,
    discard: () => {
      hear("finished");
      arrived.discard();
    },
    stop: (code) => {
      hear(code === "upstream_timeout" ? "failed" : "abandoned");
      body?.on("error", () => undefined).destroy();
      arrived.stop();
    },
  };
}

function unsent(code: UnsentEnd["code"], retryAfterMs?: number): Opened {
  return { ok: false, end: { kind: "unsent", code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) } };
}

function endOf(error: unknown): UnsentEnd | BrokenEnd {
  if (!isAppError(error)) return brokenBy(error);
  if (error.code === "address_blocked" || error.code === "upstream_unreachable") {
    return { kind: "unsent", code: error.code };
  }
  return brokenBy(error);
}

function addCredential(headers: Record<string, string>, credential: Credential): void {
  for (const [name, value] of Object.entries(credential)) headers[name.toLowerCase()] = value;
}

function textOf(value: string | string[] | undefined): string | null {
  return Array.isArray(value) ? value.join(", ") : (value ?? null);
}
