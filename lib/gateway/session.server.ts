import "server-only";
import { errorTable } from "@/lib/kernel/errors";
import { findCompiled } from "@/lib/policies/policies.server";
import { jsonAnswer, type Answer } from "./answer";
import type { Exchange } from "./exchange.server";
import { enter, leave, type InFlight } from "./in-flight.server";
import { factsFor } from "./log-facts.server";
import { rpcError, versionError } from "./messages";
import { newDecisionId } from "@/lib/ledger/ledger.server";
import { refuseBody } from "./refuse-message.server";
import { relaySession } from "./relay-session.server";
import { recordRefusal } from "./refusal-log.server";
import { isRevision } from "./revision";
import { withOpenSession } from "./session-envelope.server";

/** Answers GET (a listening stream) and DELETE (the end of a session) of a known grant; both belong to the legacy era. */
export async function answerSession(asked: Exchange, method: "GET" | "DELETE"): Promise<Answer> {
  const { grant, upstream, settings } = asked;
  const opened = withOpenSession(asked.headers, grant.id, upstream.id);
  if (!opened) return refuseBody(asked, "session", "null", "(session)");
  const { headers } = opened;
  const exchange = { ...asked, headers, client: opened.client ?? asked.client };
  if (headers.version !== null && !isRevision(headers.version)) {
    return refuseBody(exchange, "version", "null", "(malformed)", (part) =>
      versionError("null", "legacy", headers.version, part),
    );
  }
  if (!upstream.enabled) return refuse(exchange, method, "server_disabled", "(server disabled)");
  const policy = grant.policyId === null ? null : await findCompiled(grant.policyId);
  const entry: InFlight = {
    grantId: grant.id,
    serverId: upstream.id,
    session: headers.session,
    id: null,
    isStream: method === "GET",
    cancelled: false,
  };
  if (!(await enter(entry, settings.inFlight))) return refuse(exchange, method, "concurrency", "(concurrency)");
  let answer: Answer | null = null;
  try {
    answer = await relaySession(exchange, method, policy, entry);
    return answer;
  } finally {
    if (answer?.type !== "sse") leave(entry);
  }
}

async function refuse(
  exchange: Exchange,
  method: string,
  code: "server_disabled" | "concurrency",
  rule: string,
): Promise<Answer> {
  const decisionId = newDecisionId();
  await recordRefusal(factsFor(exchange, { decisionId, method, tool: null, args: null }, null), rule, code);
  const part = { decision: code === "concurrency" ? "rate_limited" : "deny", rule, reason: code, decisionId } as const;
  return jsonAnswer(errorTable[code].status, rpcError("null", code, part), decisionId);
}
