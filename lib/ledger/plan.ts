import { nextLink } from "@/lib/audit/chain";
import type { ChainHead, Digest } from "@/lib/audit/chain";
import { toDecisionText, toOutcomeText } from "@/lib/audit/decision-record";
import type { DecisionRecord, ShadowNote } from "@/lib/audit/decision-record";
import { toLogText } from "@/lib/audit/log-text";
import { byValuesText, limitText } from "@/lib/quota/limit-text";
import { guardKeyOf, guardText } from "./batch";
import type { Answer, Batch, BatchState, BatchWrites, GuardRow, LogWrite, ReservationWrite, SentRow } from "./batch";
import { CounterBook } from "./counter-book";
import type { Claimed } from "./counter-book";
import type { Settlement } from "./settlement";
import { ruleLengthMax, toStorableNotes } from "./shadow-notes";
import type { CounterClaim, DecisionFacts, Guards, Refusal, ReserveIntent, ReserveResult, Ticket } from "./types";

export interface BatchPlan {
  writes: BatchWrites;
  /** One per request, in their order. Given out only after the writes are durable. */
  answers: Answer[];
  /** Calls that were the first of a window to bring a counter near its cap; to be announced after the writes are durable. */
  near: NearCall[];
}

export interface NearCall {
  orgId: string;
  decisionId: string;
}

/**
 * Decides a whole batch against the state under the locks: what is written and what each caller is told. Outcomes first, then the
 * requests in order of arrival; one that is refused leaves the counters as they were, so a smaller one behind it may pass.
 */
export function planBatch(batch: Batch, state: BatchState, digest: Digest): BatchPlan {
  const planner = new Planner(state, digest);
  for (const settlement of batch.settlements) planner.settle(settlement);
  const answers = batch.requests.map((request) =>
    request.kind === "reserve" ? planner.reserve(request.intent) : planner.record(request.refusal),
  );
  return { writes: planner.writes(), answers, near: planner.near };
}

class Planner {
  readonly near: NearCall[] = [];
  readonly #state: BatchState;
  readonly #digest: Digest;
  readonly #at: string;
  readonly #guards: ReadonlyMap<string, GuardRow>;
  readonly #sent: Map<string, SentRow>;
  readonly #book: CounterBook;
  readonly #heads = new Map<string, ChainHead>();
  readonly #log: LogWrite[] = [];
  readonly #reservations: ReservationWrite[] = [];
  readonly #lines: BatchWrites["lines"][number][] = [];
  readonly #settled: BatchWrites["settled"][number][] = [];

  constructor(state: BatchState, digest: Digest) {
    this.#state = state;
    this.#digest = digest;
    this.#at = new Date(state.nowMs).toISOString();
    this.#guards = new Map(state.guards.map((row) => [guardText(row), row]));
    this.#sent = new Map(state.sent.map((row) => [row.decisionId, row]));
    this.#book = new CounterBook(state.nowMs, state.counters, state.families);
  }

  /** A reservation that is no longer `sent` was settled before, or never committed: nothing is left to do. */
  settle(settlement: Settlement): void {
    const { decisionId, orgId, state } = settlement;
    const row = this.#sent.get(decisionId);
    if (row?.orgId !== orgId) return;
    this.#sent.delete(decisionId);
    if (state === "void") for (const line of row.lines) this.#book.giveBack(orgId, line);
    this.#settled.push({ decisionId, state });
    const { end, reason, upstreamStatus, upstreamMs, totalMs } = settlement;
    const record = { decisionId, end, state, reason, upstreamStatus, upstreamMs, totalMs };
    this.#append(orgId, (place) => toOutcomeText(place, record), {
      ...noColumns,
      kind: "outcome",
      decisionId,
      outcome: state,
      reason,
    });
  }

  record(refusal: Refusal): Answer {
    const { decision, rule, reason, shadow } = refusal;
    this.#decide(refusal, { decision, rule, reason, counted: [], shadow });
    return { kind: "recorded" };
  }

  reserve(intent: ReserveIntent): Answer {
    const { decisionId, orgId } = intent;
    const guard = this.#guards.get(guardText(guardKeyOf(orgId, intent.guards)));
    if (!guard || !isCurrent(intent.guards, guard, this.#state.nowMs)) return { kind: "changed" };
    const claimed = this.#book.claim(intent);
    const shadow = mergedNotes(intent.shadow, claimed.shadow);
    if (claimed.kind !== "taken") return this.#refuse(intent, claimed, shadow);
    const { lines, counted } = claimed;
    const ticket = ticketOf(intent, this.#at);
    this.#reservations.push({ decisionId, orgId, onUnknown: ticket.onUnknown });
    this.#lines.push(...lines);
    if (counted.some((one) => one.near)) this.near.push({ orgId, decisionId });
    this.#decide(intent, { decision: "allow", rule: "", reason: "allowed", counted, shadow });
    return { kind: "sent", ticket };
  }

  writes(): BatchWrites {
    const heads = [...this.#heads].map(([orgId, head]) => {
      const oldSeq = this.#state.heads.get(orgId)?.seq ?? 0n;
      return { orgId, oldSeq, seq: head.seq, hash: head.hash };
    });
    return {
      nowMs: this.#state.nowMs,
      heads: heads.sort((a, b) => (a.orgId < b.orgId ? -1 : 1)),
      log: this.#log,
      counters: this.#book.writes(),
      reservations: this.#reservations,
      lines: this.#lines,
      settled: this.#settled,
    };
  }

  #refuse(intent: ReserveIntent, refused: Refused, shadow: DecisionRecord["shadow"]): ReserveResult {
    const rule = toLogText(refused.rule, ruleLengthMax);
    if (refused.kind === "denied") {
      const { window } = refused;
      const reason = "by_values";
      this.#decide(intent, { decision: "deny", rule, reason, counted: [], shadow });
      return { kind: "denied", rule, message: byValuesText(rule, window), reason };
    }
    const { limit, window, endMs } = refused;
    this.#decide(intent, { decision: "rate_limited", rule, reason: "limit", counted: [], shadow });
    const resetsAt = new Date(endMs).toISOString();
    const message = limit.message ?? limitText(limit.max, window, resetsAt);
    return { kind: "limited", rule, message, retryAfterMs: endMs - this.#state.nowMs, resetsAt };
  }

  #decide(facts: DecisionFacts, verdict: Verdict): void {
    const { decisionId, grantId, serverId, policyId, policyVersion, policyHash, method, tool } = facts;
    const { argKeys, argDigest, client, protocolVersion } = facts;
    const shared = { decisionId, grantId, serverId, policyId, policyVersion, method, tool };
    const record = { ...shared, policyHash, argKeys, argDigest, client, protocolVersion, ...verdict };
    const { decision, rule, reason, shadow } = verdict;
    const columns = { ...shared, kind: "decision" as const, decision, rule, reason, shadow, outcome: null };
    this.#append(facts.orgId, (place) => toDecisionText(place, record), columns);
  }

  #append(
    orgId: string,
    textOf: (place: { orgId: string; seq: bigint; at: string }) => string,
    columns: Omit<LogWrite, "orgId" | "seq" | "record" | "prevHash" | "hash">,
  ): void {
    const head = this.#heads.get(orgId) ?? this.#state.heads.get(orgId);
    if (!head) throw new Error("every organisation of a batch has its chain head locked");
    const text = textOf({ orgId, seq: head.seq + 1n, at: this.#at });
    const link = nextLink(this.#digest, head, text);
    this.#heads.set(orgId, { seq: link.seq, hash: link.hash });
    this.#log.push({ ...columns, ...link, orgId });
  }
}

type Refused = Exclude<Claimed, { kind: "taken" }>;
type Verdict = Pick<DecisionRecord, "decision" | "rule" | "reason" | "counted" | "shadow">;

/** What the policy's shadow rules said, then what the limits in shadow say. */
function mergedNotes(given: readonly ShadowNote[] | null, limits: readonly ShadowNote[]): DecisionRecord["shadow"] {
  return limits.length === 0 ? given : toStorableNotes([...(given ?? []), ...limits]);
}

const noColumns = {
  grantId: null,
  serverId: null,
  policyId: null,
  policyVersion: null,
  method: null,
  tool: null,
  decision: null,
  rule: null,
  shadow: null,
};

/** The decision was made with what is still in force, and the grant's time has come and not passed. */
function isCurrent(guards: Guards, row: GuardRow, nowMs: number): boolean {
  const sameVersions =
    row.grantVersion === guards.grantVersion &&
    row.serverVersion === guards.serverVersion &&
    row.liveVersion === guards.policyVersion &&
    row.bundleVersion === guards.bundleVersion;
  const begun = row.notBeforeMs === null || row.notBeforeMs <= nowMs;
  const ended = row.expiresAtMs !== null && row.expiresAtMs <= nowMs;
  return sameVersions && row.serverEnabled && !row.revoked && begun && !ended;
}

/**
 * The strictest word of the matched limits counts, where a counter that only limits in shadow speak of has none; a call that no limit
 * counts is held in doubt, so that unknown stays unknown.
 */
function ticketOf({ counters, decisionId, orgId }: ReserveIntent, reservedAt: string): Ticket {
  const heard = counters.every(isHeard) ? counters : counters.filter(isHeard);
  const release = heard.length > 0 && heard.every((claim) => claim.onUnknown === "release");
  const post = heard.some((claim) => claim.onToolError === "post");
  return {
    decisionId,
    orgId,
    onUnknown: release ? "release" : "hold",
    onToolError: post ? "post" : "void",
    reservedAt,
  };
}

function isHeard({ limits }: CounterClaim): boolean {
  return limits.length === 0 || limits.some((limit) => !limit.shadow);
}
