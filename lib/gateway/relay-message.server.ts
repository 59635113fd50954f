import "server-only";
import { createHash } from "node:crypto";
import { singleton } from "@/lib/kernel/singleton";
import { databaseTime } from "@/lib/ledger/ledger.server";
import { learnTools, refreshTools } from "@/lib/servers/servers.server";
import type { Answer } from "./answer";
import { answerBytesMax } from "./deadlines";
import type { PolicyState, Posted } from "./exchange.server";
import type { InFlight } from "./in-flight.server";
import { filterToolList, markPrivate, type ListFilter } from "./list-filter";
import { findRepeatedAnswer } from "./list-repeat";
import { rpcError } from "./messages";
import type { MethodClass } from "./method-class";
import { endFailure, judgeStatus, upstreamFailure } from "./relay-rules";
import { readRpcMessage, type RpcMessage } from "@/lib/http/rpc-message";
import { relayStream } from "./relay-stream.server";
import { returnAnswer } from "./return-path.server";
import { noteTaskAnswer, ownTasksOnly } from "./task-watch.server";
import { openUpstream } from "./transport.server";
import { collect, type UpstreamAnswer } from "./upstream-answer.server";
import { clientHeaders } from "./session-envelope.server";

/** A message that is no tool call, ready to be relayed. */
export interface Relayed {
  posted: Posted;
  class: MethodClass;
  policy: PolicyState | null;
  /** Null where no record is made. */
  decisionId: string | null;
  entry: InFlight;
  /** Tells own tasks from others in the answer to `tasks/list`; null for other methods. */
  isOwnTask: ((taskId: string) => boolean) | null;
}

/** What an answer is judged by on its way to the client: what is live now. */
export interface Seen {
  relayed: Relayed;
  filter: ListFilter;
  policy: PolicyState | null;
  now: Date;
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
    isListening: isListen,
    ...(posted.era === "modern" ? { signal: posted.gone() } : {}),
  });
  if (!opened.ok) return endFailure(idTextOf(relayed), opened.end, relayed.decisionId);
  const { answer } = opened;
  if (answer.status < 200 || answer.status >= 300) return relayStatus(relayed, answer);
  if (posted.message.kind !== "request") {
    answer.discard();
    return {
      status: 202,
      body: null,
      type: null,
      decisionId: null,
      headers: clientHeaders(relayed.posted, answer.headers),
    };
  }
  if (answer.type === "sse")
    return { ...relayedAs(relayed, answer), ...(await relayStream(relayed, answer, isListen)) };
  if (answer.type === "json") return relayJson(relayed, answer);
  answer.discard();
  return failure(relayed, "upstream_malformed");
}

async function relayJson(relayed: Relayed, answer: UpstreamAnswer): Promise<Answer> {
  const collected = await collect(answer, answerBytesMax, relayed.posted.settings.deadlines.totalMs);
  if (!collected.ok) return failure(relayed, collected.end.code);
  const filter = filterOf(relayed);
  const repeat = relayed.class === "tool_list" ? findRepeatedAnswer(collected.bytes, filter) : null;
  const message = repeat?.message ?? readRpcMessage(collected.bytes);
  if (message?.kind !== "answer" || message.id !== idOf(relayed)) return failure(relayed, "upstream_malformed");
  const seen = { relayed, filter, policy: relayed.policy };
  const body = repeat?.bytes ?? rewrite({ ...seen, now: await databaseTime() }, collected.bytes, message);
  if (!body) return failure(relayed, "upstream_malformed");
  return { ...relayedAs(relayed, answer), body: body as Uint8Array<ArrayBuffer>, type: "json" };
}

/** An answer as this grant may see it; the same bytes where nothing must change, null when it cannot be read. */
export function rewrite(seen: Seen, bytes: Uint8Array, message: RpcMessage): Uint8Array | null {
  const { relayed, filter, policy, now } = seen;
  const { posted, decisionId } = relayed;
  if (message.result && (relayed.class === "tool_list" || message.listsTools)) {
    const list = filterToolList(bytes, filter, message.result);
    if (list && !list.isRepeat && relayed.class === "tool_list") {
      learn(relayed, list.tools, list.isLast && isFirstPage(relayed));
    }
    return list?.bytes ?? null;
  }
  if (message.result && relayed.isOwnTask) return ownTasksOnly(bytes, message.result, relayed.isOwnTask);
  const isPrivate = relayed.class === "list" || methodOf(relayed) === "resources/read";
  const marked = message.result && posted.era === "modern" && isPrivate ? markPrivate(bytes) : bytes;
  const current = marked && (marked === bytes ? message : readRpcMessage(marked));
  if (!current || posted.message.kind !== "request") return marked;
  const asked = { ...posted, message: posted.message };
  noteTaskAnswer(asked, marked, current);
  return returnAnswer({ posted: asked, policy, decisionId, now }, marked, current);
}

async function relayStatus(relayed: Relayed, answer: UpstreamAnswer): Promise<Answer> {
  const { status } = answer;
  const { posted } = relayed;
  let body: Uint8Array<ArrayBuffer> | null = null;
  if (status >= 400 && status < 500 && answer.type === "json") {
    const collected = await collect(answer, answerBytesMax, posted.settings.deadlines.totalMs);
    if (collected.ok && readRpcMessage(collected.bytes)?.kind === "answer") body = collected.bytes;
  } else answer.discard();
  if (status === 404 && posted.headers.session !== null && !body) {
    return { ...relayedAs(relayed, answer), body: rpcError(idTextOf(relayed), "session", null), type: "json" };
  }
  const judged = judgeStatus(status, body !== null);
  if (judged || !body) {
    const { code, status: own } = judged ?? { code: "upstream_error" as const, status: 502 };
    const headers = clientHeaders(posted, answer.headers);
    return { ...upstreamFailure(idTextOf(relayed), code, relayed.decisionId, { status: own }), headers };
  }
  return { ...relayedAs(relayed, answer), body, type: "json" };
}

function relayedAs(relayed: Relayed, answer: UpstreamAnswer): Omit<Answer, "body" | "type"> {
  return {
    status: answer.status,
    decisionId: relayed.decisionId,
    headers: clientHeaders(relayed.posted, answer.headers),
  };
}

function failure(relayed: Relayed, code: Parameters<typeof upstreamFailure>[1]): Answer {
  return upstreamFailure(idTextOf(relayed), code, relayed.decisionId);
}

/** The text of a failure, for a stream that has begun. */
export function failureText(relayed: Relayed, code: Parameters<typeof upstreamFailure>[1]): string {
  const { body } = failure(relayed, code);
  return typeof body === "string" ? body : "";
}

function filterOf({ policy, posted }: Relayed): ListFilter {
  return { policy: policy?.compiled ?? null, pins: posted.upstream, isModern: posted.era === "modern" };
}

/** The id of the request; null for anything else. */
export function idOf({ posted }: Relayed) {
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
