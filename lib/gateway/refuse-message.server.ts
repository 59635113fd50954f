import "server-only";
import type { GrantIdentity } from "@/lib/grants/grants.server";
import { errorTable, type ErrorCode } from "@/lib/kernel/errors";
import { newDecisionId } from "@/lib/ledger/ledger.server";
import { jsonAnswer, type Answer } from "./answer";
import { factsFor, type Caller } from "./log-facts.server";
import { rpcError } from "./messages";
import { recordRefusal } from "./refusal-log.server";
import type { RequestHeaders } from "./request-headers";

/** Records and answers a request that is refused before it is known what it asks for. */
export async function refuseBody(
  exchange: Caller,
  code: ErrorCode,
  idText: string,
  rule: string,
  make?: (part: { decision: "deny"; rule: string; reason: string; decisionId: string }) => string,
): Promise<Answer> {
  const decisionId = newDecisionId();
  const described = { decisionId, method: "POST", tool: null, args: null };
  await recordRefusal(factsFor(exchange, described, null), rule, code);
  const part = { decision: "deny", rule, reason: code, decisionId } as const;
  return jsonAnswer(errorTable[code].status, make ? make(part) : rpcError(idText, code, part), decisionId);
}

/** Records that a known grant gave no way in. */
export async function recordDoorRefusal(
  grant: GrantIdentity,
  rule: string,
  method: string,
  headers: RequestHeaders,
  address: string | null,
): Promise<void> {
  const who = { grant, client: { name: headers.userAgent, version: null }, address, revision: null };
  const facts = factsFor(who, { decisionId: newDecisionId(), method, tool: null, args: null }, null);
  await recordRefusal(facts, rule, rule.slice(1, -1).replace(" ", "_"));
}
