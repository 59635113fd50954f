import "server-only";
import { splitMemberName } from "@/lib/bundles/member-name";
import type { Value, ValueObject } from "@/lib/kernel/value";
import { ledger, newDecisionId } from "@/lib/ledger/ledger.server";
import { errorTable } from "@/lib/kernel/errors";
import { jsonAnswer, type Answer } from "./answer";
import { beginOf, drop, forEach, waitMsMax, within } from "./bundle-answer.server";
import type { BundleExchange, Member } from "./bundle-exchange.server";
import { withString } from "./bundle-ids";
import { findOwner } from "./bundle-owners.server";
import { withoutSession } from "./bundle-start.server";
import { passStream } from "./bundle-stream.server";
import type { RequestMessage } from "./exchange.server";
import { factsFor } from "./log-facts.server";
import { invalidParams, rpcError, sayOf, toolRefusal, unknownMethod, unknownTool } from "./messages";
import { answerMessage } from "./post.server";
import type { ReadPost } from "./read-post.server";
import { refuseBody } from "./refuse-message.server";
import { encodeHeader } from "./request-headers";

/** One request to a bundle, read. */
export interface BundleRequest {
  exchange: BundleExchange;
  read: ReadPost;
  message: RequestMessage;
  members: readonly Member[];
}

const noArgs: ValueObject = new Map();

/** A tool call: the prefix says which server, and that server's own pipeline decides. */
export async function routeCall(request: BundleRequest): Promise<Answer> {
  const { exchange, read, message, members } = request;
  const name = message.params.get("name");
  const args = message.params.get("arguments") ?? (message.params.has("arguments") ? null : noArgs);
  if (typeof name !== "string" || !(args instanceof Map)) {
    return refuseBody(callerOf(request), "arguments", message.idText, "(malformed)");
  }
  const found = findMember(members, name);
  if (found) return send(found.member, renamed(read, message, ["name"], found.name), found.name);
  const decisionId = newDecisionId();
  const facts = factsFor(callerOf(request), { decisionId, method: message.method, tool: name, args }, null);
  const recorded = await ledger().record({
    ...facts,
    decision: "deny",
    rule: "(unknown tool)",
    reason: "unknown_tool",
  });
  if (recorded.kind === "recorded") return jsonAnswer(200, unknownTool(message.idText, name), decisionId);
  const code = "ledger_unavailable";
  const part = { decision: "deny", rule: "(unavailable)", reason: code, decisionId, retryAfterMs: 1_000 } as const;
  void exchange;
  return jsonAnswer(200, toolRefusal(message.idText, read.era, "D", sayOf(code), part), decisionId);
}

/** `prompts/get`, and `completion/complete` for a prompt: by the name's prefix. */
async function routePrompt({ read, message, members }: BundleRequest, path: readonly string[], name: string) {
  const found = findMember(members, name);
  if (!found) return jsonAnswer(200, invalidParams(message.idText, `Unknown prompt: ${name}`));
  return send(found.member, renamed(read, message, path, found.name), path.length === 1 ? found.name : null);
}

/** Every other request: to the server that its parameters name, or to each in turn until one knows what it is about. */
export async function routeOther(request: BundleRequest): Promise<Answer> {
  const { exchange, message, members } = request;
  const { params, method } = message;
  const name = params.get("name");
  if (method === "prompts/get" && typeof name === "string") return routePrompt(request, ["name"], name);
  const ref = params.get("ref");
  if (method === "completion/complete" && ref instanceof Map) {
    const prompt = (ref as ValueObject).get("name");
    if (typeof prompt === "string") return routePrompt(request, ["ref", "name"], prompt);
  }
  const uri = params.get("uri");
  const owner = typeof uri === "string" ? findOwner(exchange.bundle.id, uri) : null;
  const own = members.filter(({ upstream }) => upstream.id === owner);
  return tryEach(request, own.length > 0 ? own : members);
}

/** `logging/setLevel` and what else is for all: sent to every server; one that agrees is enough. */
export async function tellAll(request: BundleRequest): Promise<Answer> {
  const { read, message, members } = request;
  const begun = await forEach(
    members.filter(({ upstream }) => upstream.enabled),
    (member) =>
      within(answerMessage(member, read).then(beginOf), waitMsMax, ({ answer }) => {
        drop(answer);
      }),
  ).then((all) => all.filter((one) => one !== null));
  const best = begun.find(({ first }) => first?.result) ?? begun[0];
  for (const one of begun) if (one !== best) drop(one.answer);
  return best ? withoutSession(best.answer) : jsonAnswer(200, `{"jsonrpc":"2.0","id":${message.idText},"result":{}}`);
}

/**
 * Asks the servers in their order until one does not answer with an error. A server whose policy denies the method is not asked, and
 * its refusal is told only when no other server knows better.
 */
async function tryEach({ read, message, members }: BundleRequest, order: readonly Member[]): Promise<Answer> {
  let kept: { answer: Answer; rank: number } | null = null;
  for (const member of order.filter(({ upstream }) => upstream.enabled)) {
    const { first, answer } = await beginOf(await answerMessage(member, read));
    const rank = rankOf(first?.errorCode ?? null, answer.status);
    if (rank === 0) return toOutside(answer, member.prefix);
    if (!kept || rank < kept.rank) {
      if (kept) drop(kept.answer);
      kept = { answer: toOutside(answer, member.prefix), rank };
    } else drop(answer);
  }
  void members;
  return kept?.answer ?? jsonAnswer(read.era === "modern" ? 404 : 200, unknownMethod(message.idText));
}

/** 0 = this is the answer; otherwise the less, the more it says: a lost session, an error, a refusal, no such method. */
function rankOf(errorCode: number | null, status: number): number {
  if (status === 404 && errorCode === errorTable.session.rpc) return 0;
  if (errorCode === null) return status < 400 ? 0 : 2;
  if (errorCode === -32601) return 4;
  return errorCode === errorTable.method_denied.rpc ? 3 : 1;
}

async function send(member: Member, read: ReadPost, named: string | null): Promise<Answer> {
  const { headers } = member;
  // The mirror of the name that the body now has.
  const own = named === null || headers.name === null ? headers : { ...headers, name: encodeHeader(named) };
  return toOutside(await answerMessage({ ...member, headers: own }, read), member.prefix);
}

function toOutside(answer: Answer, prefix: string): Answer {
  const plain = withoutSession(answer);
  return plain.body instanceof ReadableStream ? { ...plain, body: passStream(plain.body, prefix) } : plain;
}

/** The server that a name leads to, and what that server calls it; null when no prefix fits. */
function findMember(members: readonly Member[], shown: string): { member: Member; name: string } | null {
  const split = splitMemberName(shown);
  const member = split && members.find(({ prefix }) => prefix === split.prefix);
  return member ? { member, name: split.name } : null;
}

function renamed(read: ReadPost, message: RequestMessage, path: readonly string[], name: string): ReadPost {
  return {
    ...read,
    message: { ...message, params: withValue(message.params, path, name) },
    bytes: withString(read.bytes, ["params", ...path], name),
  };
}

function withValue(object: ValueObject, path: readonly string[], value: Value): ValueObject {
  const [key = "", ...rest] = path;
  const inner = object.get(key);
  const next = rest.length === 0 || !(inner instanceof Map) ? value : withValue(inner as ValueObject, rest, value);
  return new Map(object).set(key, next);
}

/** Who asks, for the log: no server was reached. */
export function callerOf({ exchange, read }: Pick<BundleRequest, "exchange" | "read">) {
  return { grant: exchange.grant, client: read.client, address: exchange.address, revision: read.revision };
}

export function refusalError(idText: string, code: "server_disabled", decisionId: string): string {
  return rpcError(idText, code, { decision: "deny", rule: "(server disabled)", reason: code, decisionId });
}
