import "server-only";
import { Readable } from "node:stream";
import type { Answer } from "./answer";
import { answerBytesMax } from "./deadlines";
import type { Exchange, PolicyState } from "./exchange.server";
import { leave, type InFlight } from "./in-flight.server";
import { rpcError } from "./messages";
import { endFailure, judgeStatus, upstreamFailure } from "./relay-rules";
import { readRpcMessage } from "@/lib/http/rpc-message";
import { legacyNotice } from "./list-notice.server";
import { screenMessage } from "./screen";
import { withData, type SseEvent } from "@/lib/http/sse-parse";
import { SseRelay, type StreamSource } from "./sse-relay.server";
import { watchStream, type StreamWatch } from "./stream-watch.server";
import { takeTask } from "./task-watch.server";
import { takeSuspended } from "./suspended.server";
import { openUpstream } from "./transport.server";
import { passUpstreamCall } from "./upstream-request.server";
import { collect, type UpstreamAnswer } from "./upstream-answer.server";
import { clientHeaders } from "./session-envelope.server";

/** Relays the body-less requests of the legacy era: GET opens a listening stream, DELETE ends a session. */
export async function relaySession(
  exchange: Exchange,
  method: "GET" | "DELETE",
  policy: PolicyState | null,
  entry: InFlight,
): Promise<Answer> {
  const { deadlines } = exchange.settings;
  const idleMs = method === "GET" ? deadlines.streamIdleMs : deadlines.idleMs;
  const opened = await openUpstream(exchange, {
    method,
    body: null,
    idleMs,
    isListening: method === "GET",
    signal: exchange.gone(),
  });
  if (!opened.ok) return endFailure("null", opened.end, null);
  const { answer } = opened;
  const headers = clientHeaders(exchange, answer.headers);
  if (method === "GET" && answer.status === 405) {
    // The upstream says nothing by itself, but this gateway has something to say when a policy changes.
    answer.discard();
    const body = listen(exchange, silent, policy, entry);
    return { status: 200, body, type: "sse", decisionId: null, headers: {} };
  }
  if (answer.status >= 400 || answer.status < 200 || (answer.status >= 300 && answer.status < 400)) {
    return relayStatus(exchange, answer);
  }
  if (method === "GET" && answer.type === "sse") {
    return {
      status: answer.status,
      body: listen(exchange, answer, policy, entry),
      type: "sse",
      decisionId: null,
      headers,
    };
  }
  answer.discard();
  if (method === "GET") return upstreamFailure("null", "upstream_malformed", null);
  return { status: answer.status, body: null, type: null, decisionId: null, headers };
}

/** An upstream's stream on which nothing ever comes. */
const silent: StreamSource = {
  get body() {
    return Readable.from([]);
  },
  redact: (bytes) => bytes,
  stop: () => undefined,
};

function listen(exchange: Exchange, answer: StreamSource, policy: PolicyState | null, entry: InFlight) {
  const watch = watchStream(exchange, policy);
  const relay = new SseRelay(answer, {
    onEvent: (event) => passEvent(exchange, event, watch),
    onEnd: () => {
      watch.end();
      leave(entry);
      return null;
    },
    readOn: () => false,
    outlives: () => answer === silent,
    totalMs: null,
    keepAliveMs: exchange.settings.deadlines.keepAliveMs,
  });
  watch.start({ close: () => relay.close(), listChanged: () => relay.say(legacyNotice) });
  return relay.readable;
}

function passEvent(exchange: Exchange, event: SseEvent, watch: StreamWatch) {
  if (!event.data || event.data.length === 0) return event.raw;
  const message = readRpcMessage(event.data);
  if (!message) return { kind: "broken", code: "upstream_malformed" } as const;
  if (message.kind === "call")
    return passUpstreamCall(exchange, watch.policy(), event.data, message) ? event.raw : null;
  // The answer to a call whose own stream the upstream closed early comes here.
  const run = message.id === null ? null : takeSuspended(exchange, message.id);
  const data = screenMessage(event.data, message, watch.filter(false));
  if (!data) return { kind: "broken", code: "upstream_malformed" } as const;
  if (run && message.taskId !== null) void takeTask(run, message.taskId, data);
  else run?.answer(message, data);
  return data === event.data ? event.raw : withData(event, data);
}

async function relayStatus(exchange: Exchange, answer: UpstreamAnswer): Promise<Answer> {
  const { status } = answer;
  const headers = clientHeaders(exchange, answer.headers);
  if (status >= 400 && status < 500 && answer.type === "json") {
    const collected = await collect(answer, answerBytesMax, exchange.settings.deadlines.totalMs);
    const isRpc = collected.ok && readRpcMessage(collected.bytes)?.kind === "answer";
    if (isRpc && judgeStatus(status, true) === null) {
      return { status, body: collected.bytes, type: "json", decisionId: null, headers };
    }
  } else answer.discard();
  if (status === 404 && exchange.headers.session !== null) {
    return { status, body: rpcError("null", "session", null), type: "json", decisionId: null, headers };
  }
  const judged = judgeStatus(status, false) ?? { code: "upstream_error" as const, status: 502 };
  return { ...upstreamFailure("null", judged.code, null, { status: judged.status }), headers };
}
