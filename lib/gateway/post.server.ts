import "server-only";
import { errorTable, isAppError, type ErrorCode } from "@/lib/kernel/errors";
import type { ValueObject } from "@/lib/kernel/value";
import { jsonAnswer, retryHeader, type Answer } from "./answer";
import type { Message } from "./envelope";
import type { Call, Exchange, Posted, RequestMessage } from "./exchange.server";
import { idempotencyKeyOf } from "./idempotency.server";
import { enter, isIdInUse, leave, type InFlight } from "./in-flight.server";
import { rpcError, toolRefusal, versionError, sayOf } from "./messages";
import { answerOther } from "./other.server";
import { governCall } from "./pipeline.server";
import type { Caller } from "./log-facts.server";
import { mcpRail } from "./rail-mcp.server";
import { readPost, type ReadPost, type UnreadPost } from "./read-post.server";
import type { RequestHeaders } from "./request-headers";
import { withOpenRound } from "./request-state.server";
import type { Era } from "./revision";
import { withOpenSession } from "./session-envelope.server";
import { newDecisionId } from "@/lib/ledger/ledger.server";
import { refuseBody } from "./refuse-message.server";
import { refusalOf, refuse } from "./refuse.server";

const retryMs = 1_000;
const noArgs: ValueObject = new Map();

/** Answers a POST of a known grant: reads one message, then decides or relays it. */
export async function answerPost(request: Request, exchange: Exchange): Promise<Answer> {
  const read = await readPost(request, exchange.headers);
  return read.ok ? answerMessage(exchange, read) : refuseUnread(exchange, read);
}

/** Decides or relays one message that was read; `exchange` is of the server that it goes to. */
export async function answerMessage(exchange: Exchange, read: ReadPost): Promise<Answer> {
  const { message } = read;
  const open = openedIn(exchange, read.era);
  if (!open) {
    return refuseBody(exchange, "session", message.kind === "request" ? message.idText : "null", "(session)");
  }
  if (!read.isNamed && open.client !== exchange.client) read.client = open.client;
  if (message.kind !== "request") {
    const posted = toPosted(open, read, message);
    return answerOtherSafely(posted, entryOf(posted));
  }
  const asked = toPosted(open, read, message);
  if (isReusedId(asked)) return refuseBody(asked, "id", message.idText, "(malformed)");
  const entry = entryOf(asked);
  const round = asked.era === "modern" ? await withOpenRound(asked) : asked;
  if (!round) return refuseBody(asked, "request_state", message.idText, "(malformed)");
  return message.method === "tools/call" ? answerCall(round, entry) : answerOtherSafely(round, entry);
}

/** The exchange with its session id opened, which the modern era has none of; null for an id that this grant has not here. */
function openedIn(exchange: Exchange, era: Era): Exchange | null {
  const { headers, grant, upstream } = exchange;
  if (headers.session === null) return exchange;
  if (era === "modern") return { ...exchange, headers: { ...headers, session: null } };
  const opened = withOpenSession(headers, grant.id, upstream.id);
  return opened && { ...exchange, headers: opened.headers, client: opened.client ?? exchange.client };
}

/** Written out: on the hot path a spread of so many members costs more than the policy's evaluation. */
function toPosted<M extends Message>(exchange: Exchange, read: ReadPost, message: M): Posted<M> {
  return {
    token: exchange.token,
    grant: exchange.grant,
    upstream: exchange.upstream,
    headers: exchange.headers,
    address: exchange.address,
    client: read.client,
    revision: read.revision,
    settings: exchange.settings,
    startedAtMs: exchange.startedAtMs,
    gone: exchange.gone,
    prefix: exchange.prefix,
    message,
    bytes: read.bytes,
    era: read.era,
  };
}

function toCall(posted: Posted<RequestMessage>, tool: string, args: ValueObject, idempotencyKey: string | null): Call {
  return {
    token: posted.token,
    grant: posted.grant,
    upstream: posted.upstream,
    headers: posted.headers,
    address: posted.address,
    client: posted.client,
    revision: posted.revision,
    settings: posted.settings,
    startedAtMs: posted.startedAtMs,
    gone: posted.gone,
    prefix: posted.prefix,
    message: posted.message,
    bytes: posted.bytes,
    era: posted.era,
    decisionId: newDecisionId(),
    tool,
    args,
    idempotencyKey,
  };
}

/** Answers a POST while the store cannot say whose it is: nothing is forwarded, and a tool call gets a tool's answer. */
export async function answerPostUnavailable(request: Request, headers: RequestHeaders): Promise<Answer> {
  const read = request.method === "POST" ? await readPost(request, headers) : null;
  if (!read?.ok) return unavailable(read?.idText ?? "null");
  const { message, era } = read;
  if (message.kind !== "request") return unavailable("null");
  if (message.method === "tools/call") {
    return jsonAnswer(200, toolRefusal(message.idText, era, "D", sayOf("ledger_unavailable"), unavailablePart));
  }
  return unavailable(message.idText);
}

/** For what is no tool call. */
function unavailable(idText: string): Answer {
  const code = "ledger_unavailable";
  return {
    ...jsonAnswer(errorTable[code].status, rpcError(idText, code, unavailablePart)),
    headers: retryHeader(retryMs),
  };
}

async function answerCall(posted: Posted<RequestMessage>, entry: InFlight): Promise<Answer> {
  const { params, idText } = posted.message;
  const name = params.get("name");
  const args = params.get("arguments") ?? (params.has("arguments") ? null : noArgs);
  if (typeof name !== "string" || !(args instanceof Map)) return refuseBody(posted, "arguments", idText, "(malformed)");
  const key = idempotencyKeyOf(posted);
  if (key === undefined) return refuseBody(posted, "idempotency_key", idText, "(malformed)");
  const call = toCall(posted, name, args, key);
  const place = enter(entry, posted.settings.inFlight);
  if (place !== true) {
    if (!(await place)) return refuse(call, null, refusalOf("concurrency", "(concurrency)", retryMs));
    // Nobody waits for this call any more, and nothing of it is stored yet.
    if (posted.gone().aborted) {
      leave(entry);
      return clientGone;
    }
  }
  let answer: Answer | null = null;
  try {
    answer = await governCall(call, mcpRail(entry));
    return answer;
  } finally {
    // A stream gives its place back at its own end.
    if (answer?.type !== "sse") leave(entry);
  }
}

const clientGone: Answer = { status: 400, body: null, type: null, decisionId: null };

async function answerOtherSafely(posted: Posted, entry: InFlight): Promise<Answer> {
  try {
    return await answerOther(posted, entry);
  } catch (error) {
    if (!isAppError(error) || error.code !== "ledger_unavailable") throw error;
    return unavailable(posted.message.kind === "request" ? posted.message.idText : "null");
  }
}

/** What every answer says while nothing can be made durable. */
export const unavailablePart = {
  decision: "deny",
  rule: "(unavailable)",
  reason: "ledger_unavailable",
  decisionId: "",
  retryAfterMs: retryMs,
} as const;

const ruleOf: Partial<Record<ErrorCode, string>> = { batch: "(batch)", header_mismatch: "(header mismatch)" };

/** Answers a body that could not be read as one message. */
export async function refuseUnread(exchange: Caller, unread: UnreadPost): Promise<Answer> {
  const { code, idText, era, requested } = unread;
  // Nobody is left to read the answer, and nothing was asked for.
  if (code === "caller_gone") return clientGone;
  const rule = ruleOf[code] ?? "(malformed)";
  if (code !== "version") return refuseBody(exchange, code, idText, rule);
  return refuseBody(exchange, code, idText, rule, (part) => versionError(idText, era, requested, part));
}

/** Within one legacy session an id may be in flight once; requests without a session are matched by their connection. */
function isReusedId(posted: Posted<RequestMessage>): boolean {
  const { session } = posted.headers;
  if (posted.era !== "legacy" || session === null) return false;
  return isIdInUse({ grantId: posted.grant.id, serverId: posted.upstream.id, session }, posted.message.id);
}

function entryOf(posted: Posted): InFlight {
  return {
    grantId: posted.grant.id,
    serverId: posted.upstream.id,
    session: posted.era === "legacy" ? posted.headers.session : null,
    id: posted.message.kind === "request" ? posted.message.id : null,
    isStream: posted.message.kind === "request" && posted.message.method === "subscriptions/listen",
    cancelled: false,
  };
}
