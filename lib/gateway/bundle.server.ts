import "server-only";
import { isDecimal } from "@/lib/kernel/decimal";
import { errorTable, isAppError } from "@/lib/kernel/errors";
import { newDecisionId } from "@/lib/ledger/ledger.server";
import { jsonAnswer, type Answer } from "./answer";
import { drop, forEach, ignore, waitMsMax, within } from "./bundle-answer.server";
import { membersOf, type BundleExchange, type Member } from "./bundle-exchange.server";
import { answerToInside, progressToInside, type Addressed } from "./bundle-ids";
import { listBundle } from "./bundle-list.server";
import { listenToBundle, subscribeToBundle } from "./bundle-listen.server";
import { bundleLists } from "./bundle-page";
import { callerOf, routeCall, routeOther, tellAll, type BundleRequest } from "./bundle-route.server";
import { parseSessionText, type BundleSession } from "./bundle-session";
import { end, startBundle } from "./bundle-start.server";
import type { RequestMessage } from "./exchange.server";
import { isIdInUse, type IdPlace } from "./in-flight.server";
import { factsFor } from "./log-facts.server";
import { rpcError, sayOf, toolRefusal, versionError } from "./messages";
import { classOf } from "./method-class";
import { answerMessage, refuseUnread, unavailablePart } from "./post.server";
import { readPost, type ReadPost } from "./read-post.server";
import { refuseBody } from "./refuse-message.server";
import { recordRefusal } from "./refusal-log.server";
import { isRevision } from "./revision";
import { openSession } from "./session-envelope.server";

/**
 * Answers one HTTP request to a bundle. Each message goes to the servers that it concerns, to each as if it had been sent to that
 * server alone under the policy that the server has here: one pipeline, one set of rules, one log. What this file and its neighbours
 * add is which server, under which name, and how several answers become one.
 */
export async function answerBundle(request: Request, exchange: BundleExchange): Promise<Answer> {
  if (request.method === "POST") return answerBundlePost(request, exchange);
  const { headers } = exchange;
  if (headers.version !== null && !isRevision(headers.version)) {
    return refuseBody(exchange, "version", "null", "(malformed)", (part) =>
      versionError("null", "legacy", headers.version, part),
    );
  }
  const session = sessionOf(exchange);
  if (session === "unknown") return refuseBody(exchange, "session", "null", "(session)");
  if (!exchange.bundle.enabled) return refuseDisabled(exchange, request.method, null);
  const members = await membersOf(exchange, session);
  if (request.method === "GET") return listenToBundle(exchange, members);
  return endSession(members, session);
}

async function answerBundlePost(request: Request, asked: BundleExchange): Promise<Answer> {
  const read = await readPost(request, asked.headers);
  if (!read.ok) return refuseUnread(asked, read);
  const isModern = read.era === "modern";
  // The modern era has no sessions.
  const exchange = isModern ? { ...asked, headers: { ...asked.headers, session: null } } : asked;
  const { message } = read;
  const idText = message.kind === "request" ? message.idText : "null";
  const isStart = message.kind === "request" && message.method === "initialize";
  const session = isModern || isStart ? null : sessionOf(exchange);
  if (session === "unknown") return refuseBody(callerOf({ exchange, read }), "session", idText, "(session)");
  if (!exchange.bundle.enabled) return refuseDisabled(exchange, "", read);
  try {
    const members = await membersOf(isStart ? withoutOwn(exchange) : exchange, session);
    // What the client said of itself when the session began holds for all of it.
    const known = read.isNamed || !session || session.client.name === null ? read : { ...read, client: session.client };
    if (message.kind !== "request") return await answerNote(known, members, exchange);
    if (isReusedId(members, message)) {
      return await refuseBody(callerOf({ exchange, read: known }), "id", message.idText, "(malformed)");
    }
    return withSession(await answerRequest({ exchange, read: known, message, members }), exchange);
  } catch (error) {
    if (!isAppError(error) || error.code !== "ledger_unavailable") throw error;
    return jsonAnswer(errorTable[error.code].status, rpcError(idText, error.code, unavailablePart));
  }
}

async function answerRequest(request: BundleRequest): Promise<Answer> {
  const { exchange, read, message, members } = request;
  const enabled = members.filter(({ upstream }) => upstream.enabled);
  const isKnown = classOf(message.method, read.revision, false) !== "unknown";
  if (!isKnown) return routeOther(request);
  if (bundleLists.has(message.method)) return listBundle(exchange, read, message, members);
  switch (message.method) {
    case "tools/call":
      return routeCall(request);
    case "initialize":
    case "server/discover":
      return startBundle(exchange, read, message, enabled);
    case "ping":
      return jsonAnswer(200, `{"jsonrpc":"2.0","id":${message.idText},"result":{}}`);
    case "logging/setLevel":
      return tellAll(request);
    case "subscriptions/listen":
      return subscribeToBundle(exchange, read, message, members);
    default:
      return routeOther(request);
  }
}

/** Notifications and answers: to the server that they name by an id, otherwise to all. */
async function answerNote(read: ReadPost, members: readonly Member[], exchange: BundleExchange): Promise<Answer> {
  const accepted: Answer = { status: 202, body: null, type: null, decisionId: null };
  const { message } = read;
  const isProgress = message.kind === "notification" && message.method === "notifications/progress";
  if (message.kind === "response" || isProgress) {
    const to = isProgress ? progressToInside(read.bytes) : answerToInside(read.bytes);
    const member = members.find(({ prefix }) => prefix === to?.prefix);
    // Nobody asked for it.
    if (!to || !member) return withSession(accepted, exchange);
    return withSession(await forward(member, read, to), exchange);
  }
  const enabled = members.filter(({ upstream }) => upstream.enabled);
  const busy = enabled.filter((member) => isCancelOf(read, member));
  // What nobody has in flight here may be in flight on another replica.
  await forEach(busy.length > 0 ? busy : enabled, (member) =>
    within(answerMessage(member, read), waitMsMax, drop).catch(ignore),
  );
  return withSession(accepted, exchange);
}

function isCancelOf({ message }: ReadPost, member: Member): boolean {
  if (message.kind !== "notification" || message.method !== "notifications/cancelled") return false;
  const id = message.params.get("requestId");
  const value = isDecimal(id) ? id.int : id;
  return (typeof value === "string" || typeof value === "number") && isIdInUse(placeOf(member), value);
}

/** A client's answer or progress, with the id that the server itself chose. */
async function forward(member: Member, read: ReadPost, { bytes }: Addressed): Promise<Answer> {
  const own = member.headers.name === null ? member : { ...member, headers: { ...member.headers, name: null } };
  return answerMessage(own, { ...read, bytes });
}

async function endSession(members: readonly Member[], session: BundleSession | null): Promise<Answer> {
  const answers = await forEach(members, async (member) => {
    const own = session?.servers.get(member.upstream.id);
    return own?.session ? within(end(member, own), waitMsMax, drop).catch(ignore) : null;
  });
  const gone = answers.find((answer) => answer && answer.status >= 200 && answer.status < 300);
  const first = answers.find((answer) => answer !== null && answer !== undefined);
  const status = gone?.status ?? first?.status ?? 204;
  return { status, body: null, type: null, decisionId: null };
}

/** The session of the request's header: null without one, `unknown` for one that this grant does not have here. */
function sessionOf({ headers, grant, bundle }: BundleExchange): BundleSession | null | "unknown" {
  if (headers.session === null) return null;
  const text = openSession(grant.id, bundle.id, headers.session);
  return (text === null ? null : parseSessionText(text)) ?? "unknown";
}

function withoutOwn(exchange: BundleExchange): BundleExchange {
  return { ...exchange, headers: { ...exchange.headers, session: null } };
}

/** The client's session is the bundle's, whatever its servers say. */
function withSession(answer: Answer, { headers }: BundleExchange): Answer {
  const { "mcp-session-id": started, ...rest } = answer.headers ?? {};
  const session = headers.session ?? started;
  return session === undefined ? answer : { ...answer, headers: { ...rest, "mcp-session-id": session } };
}

/** Within one session an id may be in flight once, at whichever server. */
function isReusedId(members: readonly Member[], { id }: RequestMessage): boolean {
  return members.some((member) => member.headers.session !== null && isIdInUse(placeOf(member), id));
}

function placeOf({ grant, upstream, headers }: Member): IdPlace {
  return { grantId: grant.id, serverId: upstream.id, session: headers.session };
}

async function refuseDisabled(exchange: BundleExchange, httpMethod: string, read: ReadPost | null): Promise<Answer> {
  const [code, rule, decisionId] = ["server_disabled", "(server disabled)", newDecisionId()] as const;
  const message = read?.message;
  const method = message && message.kind !== "response" ? message.method : httpMethod || "response";
  const caller = { ...exchange, revision: read?.revision ?? null };
  await recordRefusal(factsFor(caller, { decisionId, method, tool: null, args: null }, null), rule, code);
  const part = { decision: "deny", rule, reason: code, decisionId } as const;
  if (read && message?.kind === "request" && message.method === "tools/call") {
    return jsonAnswer(200, toolRefusal(message.idText, read.era, "D", sayOf(code), part), decisionId);
  }
  const idText = message?.kind === "request" ? message.idText : "null";
  return jsonAnswer(errorTable[code].status, rpcError(idText, code, part), decisionId);
}
