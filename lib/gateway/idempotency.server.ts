import "server-only";
import { createHash } from "node:crypto";
import { canonical } from "@/lib/audit/canonical";
import { claimCall, finishCall, loseCall, releaseCall, type Claim } from "@/lib/grants/grants.server";
import { toAppError } from "@/lib/kernel/errors";
import type { ValueObject } from "@/lib/kernel/value";
import { ledger } from "@/lib/ledger/ledger.server";
import { jsonAnswer, type Answer } from "./answer";
import type { Call, PolicyState, Posted, RequestMessage } from "./exchange.server";
import { reportFault } from "./fault-log.server";
import { factsFor } from "./log-facts.server";
import { described, refusalOf, refuse, unavailable } from "./refuse.server";

const rule = "(idempotency)";
const metaKey = "policylayer/idempotencyKey";
const retryMs = 1_000;

/** The key by which a client named its call, in the header or in `_meta`; undefined when it cannot be one, or both differ. */
export function idempotencyKeyOf({ headers, message }: Posted<RequestMessage>): string | null | undefined {
  const meta = message.params.get("_meta");
  const named = meta instanceof Map ? (meta as ValueObject).get(metaKey) : undefined;
  const header = headers.idempotencyKey;
  if (named === undefined && header === null) return null;
  if (named !== undefined && header !== null && named !== header) return undefined;
  const key = named ?? header;
  return typeof key === "string" && /^[\x20-\x7e]{1,255}$/.test(key) ? key : undefined;
}

/** What a named call may do: go on with its claim (null without a key), or nothing, because it was made before. */
export type Named = { kind: "claimed"; claim: Claim | null } | { kind: "answer"; answer: Answer };

/**
 * Claims a call that policy allows, before it is reserved: the same key and the same call run once in 24 hours, whoever sends them
 * how often. Throws `ledger_unavailable`, which denies.
 */
export async function claimNamed(call: Call, policy: PolicyState | null): Promise<Named> {
  const { idempotencyKey, grant } = call;
  if (idempotencyKey === null) return { kind: "claimed", claim: null };
  const callDigest = createHash("sha256")
    .update(canonical([call.upstream.id, call.tool, call.args]))
    .digest("base64url");
  const named = { orgId: grant.orgId, grantId: grant.id, key: idempotencyKey, callDigest, decisionId: call.decisionId };
  const claimed = await claimCall(named);
  if (claimed.kind === "claimed") return claimed;
  if (claimed.kind === "finished") return { kind: "answer", answer: await answerAgain(call, policy, claimed.answer) };
  const waits = claimed.kind === "in_progress" ? retryMs : undefined;
  return { kind: "answer", answer: await refuse(call, policy, refusalOf(claimed.kind, rule, waits)) };
}

async function answerAgain(call: Call, policy: PolicyState | null, result: string): Promise<Answer> {
  const facts = factsFor(call, described(call), policy);
  const recorded = await ledger().record({ ...facts, decision: "allow", rule, reason: "stored_answer" });
  if (recorded.kind !== "recorded") return unavailable(call);
  return jsonAnswer(200, `{"jsonrpc":"2.0","id":${call.message.idText},"result":${result}}`, call.decisionId);
}

/** Gives the key of a call back that was refused after it was claimed. */
export function release(claim: Claim | null): void {
  if (claim) report(releaseCall(claim));
}

/** Keeps the result of a call, JSON text, for whoever sends it again. */
export function keepAnswer(claim: Claim | null, result: string): void {
  if (claim) report(finishCall(claim, result));
}

/** Notes that it is not known what became of a call. */
export function keepUnknown(claim: Claim | null): void {
  if (claim) report(loseCall(claim));
}

/** What cannot be written here is read from the reservation instead, more strictly. */
function report(work: Promise<void>): void {
  work.catch((error: unknown) => reportFault("idempotency", toAppError(error)));
}
