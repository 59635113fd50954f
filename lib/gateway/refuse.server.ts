import "server-only";
import { memberName } from "@/lib/bundles/member-name";
import { errorTable, type ErrorCode } from "@/lib/kernel/errors";
import { ledger } from "@/lib/ledger/ledger.server";
import type { ShadowNote } from "@/lib/policy/types";
import { jsonAnswer, type Answer } from "./answer";
import type { Call, PolicyState } from "./exchange.server";
import { noteLogDown } from "./journal.server";
import { factsFor } from "./log-facts.server";
import { rpcError, sayOf, toolRefusal, unknownTool, type DecisionPart } from "./messages";
import { recordRefusal } from "./refusal-log.server";

/** A refusal of a tool call by policy or by us. `text` is for the agent, `rule` and `reason` for the log and for programs. */
export interface ToolRefusal {
  decision: "deny" | "rate_limited";
  rule: string;
  reason: string;
  text: string;
  retryAfterMs?: number;
  /** What the policy's shadow rules said of the call, for the log only. */
  shadow?: readonly ShadowNote[] | null;
}

const retryMs = 1_000;

/** The refusal for a code of the error table. */
export function refusalOf(code: ErrorCode, rule: string, retryAfterMs?: number): ToolRefusal {
  const decision = code === "concurrency" ? "rate_limited" : "deny";
  return { decision, rule, reason: code, text: sayOf(code), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** Records a refusal, then answers it. If it cannot be recorded, the answer says so; it is a refusal either way. */
export async function refuse(call: Call, policy: PolicyState | null, refusal: ToolRefusal): Promise<Answer> {
  const { decision, rule, reason, shadow } = refusal;
  const facts = factsFor(call, described(call), policy, shadow ?? null);
  const recorded = await ledger().record({ ...facts, decision, rule, reason });
  return recorded.kind === "recorded" ? refusalAnswer(call, refusal) : unavailable(call);
}

/** Answers a hidden or unknown tool: one text and one way for both, so that neither can be told from the other. */
export async function refuseAbsent(call: Call, policy: PolicyState | null, rule: string): Promise<Answer> {
  const facts = factsFor(call, described(call), policy);
  const reason = rule === "(hidden)" ? "hidden" : "unknown_tool";
  const recorded = await ledger().record({ ...facts, decision: "deny", rule, reason });
  if (recorded.kind !== "recorded") return unavailable(call);
  const shown = call.prefix === null ? call.tool : memberName(call.prefix, call.tool);
  return jsonAnswer(200, unknownTool(call.message.idText, shown), call.decisionId);
}

/** Answers arguments that policy and upstream could read differently: a protocol error, like any other malformed body. */
export async function refuseMalformed(call: Call, code: "folded_key"): Promise<Answer> {
  const { decisionId, message } = call;
  await recordRefusal(factsFor(call, described(call), null), "(malformed)", code);
  const part = { decision: "deny", rule: "(malformed)", reason: code, decisionId } as const;
  return jsonAnswer(errorTable[code].status, rpcError(message.idText, code, part), decisionId);
}

/** Answers a refusal whose record is already durable. */
export function refusalAnswer(call: Call, refusal: ToolRefusal): Answer {
  const { decision, rule, reason, retryAfterMs } = refusal;
  const part: DecisionPart = {
    decision,
    rule,
    reason,
    decisionId: call.decisionId,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return jsonAnswer(200, toolRefusal(call.message.idText, call.era, "D", refusal.text, part), call.decisionId);
}

/** Nothing can be made durable now, so nothing was forwarded. */
export function unavailable(call: Call): Answer {
  noteLogDown();
  return refusalAnswer(call, refusalOf("ledger_unavailable", "(unavailable)", retryMs));
}

export function described(call: Call) {
  return { decisionId: call.decisionId, method: call.message.method, tool: call.tool, args: call.args };
}
