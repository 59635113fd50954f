import "server-only";
import { isDecimal } from "@/lib/kernel/decimal";
import { errorTable, type ErrorCode } from "@/lib/kernel/errors";
import type { DecisionId } from "@/lib/kernel/ids";
import type { ValueObject } from "@/lib/kernel/value";
import { ledger, newDecisionId } from "@/lib/ledger/ledger.server";
import { findCompiled } from "@/lib/policies/policies.server";
import { findMethodAction } from "@/lib/policy/evaluate";
import { jsonAnswer, retryHeader, type Answer } from "./answer";
import type { PolicyState, Posted } from "./exchange.server";
import { declaresExtension } from "./era";
import { enter, leave, markCancelled, type InFlight } from "./in-flight.server";
import { noteRelayed } from "./journal.server";
import { factsFor } from "./log-facts.server";
import { missingExtension, rpcError, unknownMethod } from "./messages";
import { classOf, type MethodClass } from "./method-class";
import { mayAsk, ownTasksFor, taskOf } from "./task-watch.server";
import { relayMessage } from "./relay-message.server";
import { recordRefusal } from "./refusal-log.server";
import { pointerToken } from "./rule-pointer";

const tasksExtension = "io.modelcontextprotocol/tasks";

/** Answers a message that is no tool call, by the class of its method: relayed, refused, or answered as a server without it. */
export async function answerOther(posted: Posted, entry: InFlight): Promise<Answer> {
  const { message, grant } = posted;
  const isNotification = message.kind === "notification";
  const cls = message.kind === "response" ? "lifecycle" : classOf(message.method, posted.revision, isNotification);
  const policy = grant.policyId === null ? null : await findCompiled(grant.policyId);
  const method = message.kind === "response" ? "" : message.method;
  const action =
    policy && cls !== "lifecycle" && cls !== "tool_list" ? findMethodAction(policy.compiled, method) : null;
  if (!posted.upstream.enabled) return refuse(posted, policy, "server_disabled", "(server disabled)");
  if (action === "deny") return refuse(posted, policy, "method_denied", `/methods/${pointerToken(method)}`);
  if (cls === "unknown" && action !== "allow") return answerUnknown(posted, policy);
  if (cls === "content" && !policy) return refuse(posted, null, "no_policy", "(no policy)");
  if (!(await isOwn(posted))) return refuseTask(posted, policy);
  if (isNotification && method === "notifications/cancelled") noteCancelled(posted, message.params);
  return relay(posted, cls, policy, entry);
}

/** False for a request about a task that another grant started, or nobody. */
async function isOwn(posted: Posted): Promise<boolean> {
  const { message } = posted;
  if (message.kind !== "request") return true;
  const asked = { ...posted, message };
  const taskId = taskOf(asked);
  return taskId === null || mayAsk(asked, taskId);
}

/** A client without the tasks extension hears that first, as from any server that has it (SEP-2663, "Required capabilities"). */
async function refuseTask(posted: Posted, policy: PolicyState | null): Promise<Answer> {
  const refused = await refuse(posted, policy, "task", "(task)");
  const { message, era } = posted;
  if (era === "legacy" || message.kind !== "request" || refused.status !== errorTable.task.status) return refused;
  if (declaresExtension(message.params, tasksExtension)) return refused;
  return { ...refused, ...jsonAnswer(400, missingExtension(message.idText, tasksExtension), refused.decisionId) };
}

async function relay(posted: Posted, cls: MethodClass, policy: PolicyState | null, entry: InFlight): Promise<Answer> {
  if (!(await enter(entry, posted.settings.inFlight)))
    return refuse(posted, policy, "concurrency", "(concurrency)", 1_000);
  let answer: Answer | null = null;
  try {
    // The row says that the request was relayed, so it comes behind the place that it needs.
    const decisionId = cls === "lifecycle" ? null : newDecisionId();
    if (decisionId !== null && !(await noteRelayed(factsFor(posted, described(posted, decisionId), policy)))) {
      return refusal(posted, "ledger_unavailable", "(unavailable)", decisionId, 1_000);
    }
    const isOwnTask = await ownTasksFor(posted);
    answer = await relayMessage({ posted, class: cls, policy, decisionId, entry, isOwnTask });
    return answer;
  } finally {
    if (answer?.type !== "sse") leave(entry);
  }
}

/** As a server without the method answers; a notification that nobody knows is dropped. */
async function answerUnknown(posted: Posted, policy: PolicyState | null): Promise<Answer> {
  const decisionId = newDecisionId();
  await recordRefusal(factsFor(posted, described(posted, decisionId), policy), "(unknown method)", "unknown_method");
  const { message } = posted;
  if (message.kind !== "request") return { status: 202, body: null, type: null, decisionId };
  return jsonAnswer(posted.era === "modern" ? 404 : 200, unknownMethod(message.idText), decisionId);
}

async function refuse(
  posted: Posted,
  policy: PolicyState | null,
  code: ErrorCode,
  rule: string,
  retryAfterMs?: number,
): Promise<Answer> {
  const decisionId = newDecisionId();
  const facts = factsFor(posted, described(posted, decisionId), policy);
  const decision = code === "concurrency" ? "rate_limited" : "deny";
  const recorded = await ledger().record({ ...facts, decision, rule, reason: code });
  if (recorded.kind !== "recorded") return refusal(posted, "ledger_unavailable", "(unavailable)", decisionId, 1_000);
  return refusal(posted, code, rule, decisionId, retryAfterMs);
}

function refusal(posted: Posted, code: ErrorCode, rule: string, decisionId: string, retryAfterMs?: number): Answer {
  const decision = code === "concurrency" ? "rate_limited" : "deny";
  const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
  const idText = posted.message.kind === "request" ? posted.message.idText : "null";
  const part = { decision, rule, reason: code, decisionId, ...retry } as const;
  const answer = jsonAnswer(errorTable[code].status, rpcError(idText, code, part), decisionId);
  return retryAfterMs === undefined ? answer : { ...answer, headers: retryHeader(retryAfterMs) };
}

function described(posted: Posted, decisionId: DecisionId) {
  const method = posted.message.kind === "response" ? "response" : posted.message.method;
  return { decisionId, method, tool: null, args: null };
}

function noteCancelled(posted: Posted, params: ValueObject): void {
  const id = params.get("requestId");
  const value = isDecimal(id) ? id.int : id;
  if (typeof value === "string" || typeof value === "number") {
    const session = posted.era === "legacy" ? posted.headers.session : null;
    markCancelled({ grantId: posted.grant.id, serverId: posted.upstream.id, session }, value);
  }
}
