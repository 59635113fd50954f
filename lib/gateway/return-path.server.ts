import "server-only";
import { findElements, findMembers, findRootMembers, readString, type Member, type Span } from "@/lib/http/json-span";
import { applyEdits, cutMembers, insertMember, setMember, type Edit } from "@/lib/http/json-splice";
import { readRpcMessage, type RpcMessage } from "@/lib/http/rpc-message";
import { readJson } from "@/lib/kernel/json";
import type { Value } from "@/lib/kernel/value";
import type { PolicyState, Posted, RequestMessage } from "./exchange.server";
import { rpcError, sayOf, toolRefusal, type DecisionPart } from "./messages";
import type { ListFilter } from "./list-filter";
import { screenMessage } from "./screen";
import { sealRound } from "./request-state.server";
import { judgeUpstreamRequest, type Blocked } from "./upstream-request.server";

/** One request on its way back. */
export interface Returning {
  posted: Posted<RequestMessage>;
  /** The policy that is live now. */
  policy: PolicyState | null;
  decisionId: string | null;
  /** The database's clock. */
  now: Date;
}

const urlRequired = -32042;
const limits = { depth: 64, nodes: 10_000, digits: 400, exponent: 400, folding: "allow" } as const;

/**
 * An upstream's answer as the client is to see it, beside what becomes of lists: questions that may not be put to a person are
 * answered or refused here, the upstream's `requestState` comes sealed, and the change notices that this gateway sends by itself are
 * announced. The very same bytes where nothing must change; null when the answer cannot be read.
 */
export function returnAnswer(returning: Returning, bytes: Uint8Array, message: RpcMessage): Uint8Array | null {
  const { posted } = returning;
  if (message.errorCode === urlRequired) return returnLinks(returning, bytes);
  if (!message.result) return bytes;
  const { method } = posted.message;
  if (method === "initialize" || method === "server/discover") return withNotices(bytes, message.result);
  if (posted.era === "modern" && message.resultType === "input_required") {
    return returnQuestions(returning, bytes, message.result);
  }
  return bytes;
}

/** `returnAnswer`, with a tool list in whatever answer it stands filtered first. */
export function screenAnswer(returning: Returning, filter: ListFilter, bytes: Uint8Array, message: RpcMessage) {
  const screened = screenMessage(bytes, message, filter);
  if (!screened) return null;
  const seen = screened === bytes ? message : readRpcMessage(screened);
  return seen && returnAnswer(returning, screened, seen);
}

/** `tools.listChanged` is true behind this gateway: it tells of a changed policy itself (MCP, Tools, "Capabilities"). */
function withNotices(bytes: Uint8Array, result: Span): Uint8Array | null {
  const capabilities = findMembers(bytes, result)?.find(({ key }) => key === "capabilities");
  const tools = capabilities && findMembers(bytes, capabilities)?.find(({ key }) => key === "tools");
  if (!tools) return bytes;
  const members = findMembers(bytes, tools);
  if (!members) return bytes;
  const found = members.find(({ key }) => key === "listChanged");
  if (found && bytes[found.start] === 0x74) return bytes;
  return applyEdits(bytes, [setMember(tools, members, "listChanged", "true")]);
}

/** The links of a −32042 (2025-11-25, "URL elicitation required"), each as if it were asked by itself. */
function returnLinks(returning: Returning, bytes: Uint8Array): Uint8Array | null {
  const error = findRootMembers(bytes)?.find(({ key }) => key === "error");
  const data = error && findMembers(bytes, error)?.find(({ key }) => key === "data");
  const list = data && findMembers(bytes, data)?.find(({ key }) => key === "elicitations");
  for (const element of (list && findElements(bytes, list)) ?? []) {
    const blocked = judge(returning, "elicitation/create", valueAt(bytes, element));
    if (blocked) return refusal(returning, blocked);
  }
  return bytes;
}

/** The questions of an `input_required` (2026-07-28): blocked ones are taken out and answered on the retry. */
function returnQuestions(returning: Returning, bytes: Uint8Array, result: Span): Uint8Array | null {
  const members = findMembers(bytes, result);
  if (!members) return null;
  const questions = members.find(({ key }) => key === "inputRequests");
  const sorted = questions ? sortQuestions(returning, bytes, questions) : { blocked: null, answered: {}, edits: [] };
  if (!sorted) return null;
  if (sorted.blocked) return refusal(returning, sorted.blocked);
  const state = members.find(({ key }) => key === "requestState");
  const text = state ? readString(bytes, state) : null;
  if (state && text === null) return null;
  const { answered, edits } = sorted;
  if (text === null && Object.keys(answered).length === 0) return bytes;
  const sealed = JSON.stringify(sealRound(returning.posted, { state: text, answered }, returning.now));
  const put: Edit = state
    ? { start: state.start, end: state.end, text: sealed }
    : insertMember(result, members, "requestState", sealed);
  return applyEdits(bytes, [put, ...edits]);
}

interface Sorted {
  /** A question that only a refusal answers. */
  blocked: Blocked | null;
  answered: Record<string, string>;
  edits: Edit[];
}

function sortQuestions(returning: Returning, bytes: Uint8Array, questions: Member): Sorted | null {
  const asked = findMembers(bytes, questions);
  if (!asked) return null;
  const answered: Record<string, string> = {};
  for (const question of asked) {
    const parts = findMembers(bytes, question);
    const methodAt = parts?.find(({ key }) => key === "method");
    const method = methodAt ? readString(bytes, methodAt) : null;
    if (!parts || method === null) return null;
    const params = parts.find(({ key }) => key === "params");
    const blocked = judge(returning, method, params ? valueAt(bytes, params) : null);
    if (!blocked) continue;
    const own = ownAnswers[method];
    if (own === undefined) return { blocked, answered: {}, edits: [] };
    answered[question.key] = own;
  }
  return { blocked: null, answered, edits: cutMembers(asked, ({ key }) => !Object.hasOwn(answered, key)) };
}

/** What a client that says no answers; there is no such answer to a request for sampling. */
const ownAnswers: Readonly<Record<string, string>> = {
  "elicitation/create": '{"action":"decline"}',
  "roots/list": '{"roots":[]}',
};

function judge({ posted, policy }: Returning, method: string, params: Value | null): Blocked | null {
  return judgeUpstreamRequest(posted, policy, method, params);
}

function valueAt(bytes: Uint8Array, { start, end }: Span): Value | null {
  const read = readJson(bytes.subarray(start, end), limits);
  return read.ok ? read.value : null;
}

/** The answer that stands in for a question that is not passed on. Nothing ran: the upstream only asked. */
function refusal({ posted, decisionId }: Returning, { code, rule }: Blocked): Uint8Array {
  const { era, message } = posted;
  const isDenial = code === "method_denied";
  const part: DecisionPart = {
    decision: isDenial ? "deny" : "allow",
    rule: isDenial ? rule : "",
    reason: code,
    decisionId: decisionId ?? "",
    outcome: "void",
  };
  const text =
    message.method === "tools/call"
      ? toolRefusal(message.idText, era, isDenial ? "D" : "U", sayOf(code), part)
      : rpcError(message.idText, code, part);
  return new TextEncoder().encode(text);
}
