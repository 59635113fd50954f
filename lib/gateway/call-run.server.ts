import "server-only";
import { ledger } from "@/lib/ledger/ledger.server";
import { findRootMembers, readText } from "@/lib/http/json-span";
import type { RpcMessage } from "@/lib/http/rpc-message";
import type { Claim } from "@/lib/grants/grants.server";
import type { Ticket } from "@/lib/ledger/types";
import type { ErrorCode } from "@/lib/kernel/errors";
import { jsonAnswer, type Answer } from "./answer";
import type { Call, PolicyState } from "./exchange.server";
import { keepAnswer, keepUnknown } from "./idempotency.server";
import type { InFlight } from "./in-flight.server";
import type { Leave } from "./rail.server";
import { toolRefusal, upstreamText } from "./messages";
import { verdictOf, type CallEnd, type Verdict } from "./outcome";

/** One sent call until it is settled. The first end that is reported counts; later ones change nothing. */
export class CallRun {
  readonly call: Call;
  readonly ticket: Ticket;
  readonly policy: PolicyState | null;
  readonly claim: Claim | null;
  readonly entry: InFlight;
  /** Status of the upstream's answer, once there is one. */
  status: number | null = null;
  /** True once the client hung up in a way that means "cancel", or reads nothing any more. */
  isLeft = false;
  /** True once the client has its answer although the call goes on (a task). */
  isAnswered = false;
  readonly #isCounted: boolean;
  readonly #sentAtMs = performance.now();
  #verdict: Verdict | null = null;

  constructor(call: Call, { ticket, policy, claim, isCounted }: Leave, entry: InFlight) {
    this.call = call;
    this.ticket = ticket;
    this.policy = policy;
    this.claim = claim;
    this.#isCounted = isCounted;
    this.entry = entry;
  }

  get isSettled(): boolean {
    return this.#verdict !== null;
  }

  /** True when a lost outcome keeps a limit's count: then a client that leaves does not stop the call, whose end is waited for. */
  get holds(): boolean {
    return this.#isCounted && this.ticket.onUnknown === "hold";
  }

  /** What is left of the call's total time, in milliseconds. */
  get remainingMs(): number {
    return Math.max(1, this.call.settings.deadlines.totalMs - (performance.now() - this.#sentAtMs));
  }

  /** Settles the ticket by the table of outcomes. Unknown because the client left is never given back. */
  settle(end: CallEnd): Verdict {
    if (this.#verdict) return this.#verdict;
    const verdict = verdictOf(end);
    this.#verdict = verdict;
    if (verdict.outcome === "unknown") keepUnknown(this.claim);
    const byClient = verdict.outcome === "unknown" && (this.isLeft || this.entry.cancelled);
    const now = performance.now();
    ledger().settle(this.ticket, {
      kind: byClient && !this.holds ? "success" : verdict.outcome,
      byClient,
      reason: byClient ? "cancelled" : verdict.reason,
      upstreamStatus: this.status,
      upstreamMs: Math.round(now - this.#sentAtMs),
      totalMs: Math.round(now - this.call.startedAtMs),
    });
    return verdict;
  }

  /** Settles a call whose answer the client gets, and keeps the answer where the call was named. `seen`: as the client sees it. */
  answer(message: RpcMessage, seen: Uint8Array): void {
    const verdict = this.settle({ kind: "answered", answer: message });
    const isResult = verdict.outcome === "success" || verdict.outcome === "tool_error";
    if (this.claim && isResult) this.keep(seen);
  }

  /** Keeps the result that the client gets for whoever sends the named call again. */
  keep(seen: Uint8Array): void {
    const result = this.claim && findRootMembers(seen)?.find(({ key }) => key === "result");
    if (result) keepAnswer(this.claim, readText(seen, result) ?? "{}");
  }

  /** Settles, and gives the tool result that tells the agent of the failure. */
  fail(end: CallEnd, retryAfterMs?: number): Answer {
    const verdict = this.settle(end);
    return jsonAnswer(200, this.failureText(verdict, retryAfterMs), this.call.decisionId);
  }

  failureText(verdict: Verdict, retryAfterMs?: number): string {
    const { message, era, decisionId } = this.call;
    const code: ErrorCode = verdict.code ?? "upstream_error";
    const mayHaveRun = verdict.outcome === "unknown";
    const part = {
      decision: "allow" as const,
      rule: "",
      reason: code,
      decisionId,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      outcome: mayHaveRun && this.ticket.onUnknown === "hold" ? ("in_doubt" as const) : ("void" as const),
      ...(mayHaveRun ? { mayHaveRun } : {}),
    };
    return toolRefusal(message.idText, era, "U", upstreamText(code, decisionId, mayHaveRun), part);
  }
}
