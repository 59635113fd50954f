import "server-only";
import { createHash } from "node:crypto";
import { singleton } from "@/lib/kernel/singleton";
import { isHidden } from "@/lib/policy/evaluate";
import { learnTools, refreshTools } from "@/lib/servers/servers.server";
import type { Answer } from "./answer";
import { answerBytesMax } from "./deadlines";
import type { PolicyState, Posted } from "./exchange.server";
import { leave, type InFlight } from "./in-flight.server";
import { filterToolList, isToolList, markPrivate } from "./list-filter";
import { rpcError } from "./messages";
import type { MethodClass } from "./method-class";
import { judgeStatus, upstreamFailure } from "./relay-rules";
import { readRpcMessage, type RpcMessage } from "./rpc-message";
import { toEvent, withData, type SseEvent } from "./sse-parse";
import { SseRelay } from "./sse-relay.server";
import { watchStream } from "./stream-watch.server";
import { collect, discard, openUpstream, type UpstreamAnswer } from "./transport.server";
import { toClient } from "./upstream-headers";

/** A message that is no tool call, ready to be relayed. */
export interface Relayed {
  posted: Posted;
  class: MethodClass;
  policy: PolicyState | null;
  /** Null where no record is made. */
  decisionId: string | null;
  entry: InFlight;
}

/** Relays a message that takes no counter. Lists are filtered; everything else passes as it came. Never throws on upstream faults. */
export async function relayMessage(relayed: Relayed): Promise<Answer> {
  const { posted } = relayed;
  const isListen = posted.message.kind === "request" && posted.message.method === "subscriptions/listen";
  const { deadlines } = posted.settings;
  const opened = await openUpstream(posted, {
    method: "POST",
    body: posted.bytes,
    idleMs: isListen ? deadlines.streamIdleMs : deadlines.idleMs,
    ...(posted.era === "modern" ? { signal: posted.gone() } : {}),
  });
  if (!opened.ok) return failure(relayed, opened.end.code);
  const { answer } = opened;
  if (answer.status < 200 || answer.status >= 300) return relayStatus(relayed, answer);
  if (posted.message.kind !== "request") {
    discard(answer);
    return { status: 202, body: null, type: null, decisionId: null, headers: toClient(answer.headers) };
  }
  if (answer.type === "sse") return relayStream(relayed, answer, isListen);
  if (answer.type === "json") return relayJson(relayed, answer);
  discard(answer);
  return failure(relayed, "upstream_malformed");
}

async function relayJson(relayed: Relayed, answer: UpstreamAnswer): Promise<Answer> {
  const collected = await collect(answer, answerBytesMax, relayed.posted.settings.deadlines.totalMs);
  if (!collected.ok) return failure(relayed, collected.end.code);
  const message = readRpcMessage(collected.bytes);
  if (message?.kind !== "answer" || message.id !== idOf(relayed)) return failure(relayed, "upstream_malformed");
  const body = rewrite(relayed, collected.bytes, message, (tool) => isHiddenNow(relayed, tool));
  if (!body) return failure(relayed, "upstream_malformed");
  return { ...relayedAs(relayed, answer), body: body as Uint8Array<ArrayBuffer>, type: "json" };
}

function relayStream(relayed: Relayed, answer: UpstreamAnswer, isListen: boolean): Answer {
  const { posted } = relayed;
  const watch = watchStream(posted, relayed.policy);
  let isAnswered = false;
  const relay = new SseRelay(answer, {
    onEvent: (event) => {
      const out = passEvent(relayed, event, isAnswered, watch.isHidden);
      if (out === "answered") return null;
      isAnswered ||= out.isAnswer;
      return out.bytes ?? { kind: "broken", code: "upstream_malformed" };
    },
    onEnd: (end) => {
      watch.end();
      leave(relayed.entry);
      return end.kind === "broken" && !isAnswered ? toEvent(failureText(relayed, end.code)) : null;
    },
    readOn: () => false,
    totalMs: isListen ? null : posted.settings.deadlines.totalMs,
    keepAliveMs: posted.settings.deadlines.keepAliveMs,
  });
  watch.start(relay);
  return { ...relayedAs(relayed, answer), body: relay.readable, type: "sse" };
}

/** The bytes to pass on for one event (null = unreadable), or `answered` for an answer that nobody asked for here. */
function passEvent(relayed: Relayed, event: SseEvent, isAnswered: boolean, isHiddenNow: (tool: string) => boolean) {
  if (!event.data || event.data.length === 0) return { bytes: event.raw, isAnswer: false };
  const message = readRpcMessage(event.data);
  if (!message) return { bytes: null, isAnswer: false };
  if (message.kind === "call") return { bytes: event.raw, isAnswer: false };
  if (message.id !== idOf(relayed) || isAnswered) return "answered";
  const data = rewrite(relayed, event.data, message, isHiddenNow);
  if (!data) return { bytes: null, isAnswer: true };
  return { bytes: data === event.data ? event.raw : withData(event, data), isAnswer: event.isMessage };
}

/** An answer as this grant may see it; the same bytes where nothing must change, null when a list is unreadable. */
function rewrite(
  relayed: Relayed,
  bytes: Uint8Array,
  message: RpcMessage,
  hidden: (tool: string) => boolean,
): Uint8Array | null {
  if (!message.result) return bytes;
  const isModern = relayed.posted.era === "modern";
  if (relayed.class === "tool_list" || isToolList(bytes, message.result)) {
    const list = filterToolList(bytes, { isHidden: hidden, isModern });
    if (list && relayed.class === "tool_list") learn(relayed, list.tools, list.isLast && isFirstPage(relayed));
    return list?.bytes ?? null;
  }
  const isPrivate = relayed.class === "list" || methodOf(relayed) === "resources/read";
  return isModern && isPrivate ? markPrivate(bytes) : bytes;
}

async function relayStatus(relayed: Relayed, answer: UpstreamAnswer): Promise<Answer> {
  const { status } = answer;
  const { posted } = relayed;
  let body: Uint8Array<ArrayBuffer> | null = null;
  if (status >= 400 && status < 500 && answer.type === "json") {
    const collected = await collect(answer, answerBytesMax, posted.settings.deadlines.totalMs);
    if (collected.ok && readRpcMessage(collected.bytes)?.kind === "answer") body = collected.bytes;
  } else discard(answer);
  if (status === 404 && posted.headers.session !== null && !body) {
    return { ...relayedAs(relayed, answer), body: rpcError(idTextOf(relayed), "session", null), type: "json" };
  }
  const judged = judgeStatus(status, body !== null);
  if (judged || !body) {
    const { code, status: own } = judged ?? { code: "upstream_error" as const, status: 502 };
    const headers = toClient(answer.headers);
    return { ...upstreamFailure(idTextOf(relayed), code, relayed.decisionId, own), headers };
  }
  return { ...relayedAs(relayed, answer), body, type: "json" };
}

function relayedAs(relayed: Relayed, answer: UpstreamAnswer): Omit<Answer, "body" | "type"> {
  return { status: answer.status, decisionId: relayed.decisionId, headers: toClient(answer.headers) };
}

function failure(relayed: Relayed, code: Parameters<typeof upstreamFailure>[1]): Answer {
  return upstreamFailure(idTextOf(relayed), code, relayed.decisionId);
}

function failureText(relayed: Relayed, code: Parameters<typeof upstreamFailure>[1]): string {
  const { body } = failure(relayed, code);
  return typeof body === "string" ? body : "";
}

function isHiddenNow({ policy }: Relayed, tool: string): boolean {
  return policy !== null && isHidden(policy.compiled, tool);
}

function idOf({ posted }: Relayed) {
  return posted.message.kind === "request" ? posted.message.id : null;
}

function idTextOf({ posted }: Relayed): string {
  return posted.message.kind === "request" ? posted.message.idText : "null";
}

function methodOf({ posted }: Relayed): string {
  return posted.message.kind === "response" ? "" : posted.message.method;
}

function isFirstPage({ posted }: Relayed): boolean {
  return posted.message.kind === "request" && !posted.message.params.has("cursor");
}

/** Digest of the list last handed to the catalogue, per server: an unchanged list is not even parsed. */
const lastLists = singleton<Map<string, string>>("gateway-learnt-lists", () => new Map());
const lastListsMax = 2_000;

/** A whole list is taken over; of a page that is none it is only seen that the catalogue lacks something. */
function learn({ posted }: Relayed, tools: readonly { name: string; definition: string }[], isWhole: boolean): void {
  const isKnown = tools.every((tool) => posted.upstream.tools.has(tool.name));
  if (!isWhole) {
    if (!isKnown) refreshTools(posted.upstream.id);
    return;
  }
  const definitions = tools.map((tool) => tool.definition);
  const digest = createHash("sha256").update(definitions.join("\n")).digest("base64url");
  const serverId = posted.upstream.id;
  if (isKnown && lastLists.get(serverId) === digest) return;
  lastLists.delete(serverId);
  lastLists.set(serverId, digest);
  const oldest = lastLists.keys().next();
  if (lastLists.size > lastListsMax && !oldest.done) lastLists.delete(oldest.value);
  learnTools(serverId, definitions);
}
