import "server-only";
import { ledger } from "@/lib/ledger/ledger.server";
import type { Ticket } from "@/lib/ledger/types";
import type { ErrorCode } from "@/lib/kernel/errors";
import { jsonAnswer, type Answer } from "./answer";
import type { Call, PolicyState } from "./exchange.server";
import type { InFlight } from "./in-flight.server";
import { toolRefusal, upstreamText } from "./messages";
import { verdictOf, type CallEnd, type Verdict } from "./outcome";

/** One sent call until it is settled. The first end that is reported counts; later ones change nothing. */
export class CallRun {
  readonly call: Call;
  readonly ticket: Ticket;
  /** The version that allowed it. */
  readonly policy: PolicyState | null;
  readonly entry: InFlight;
  /** Status of the upstream's answer, once there is one. */
  status: number | null = null;
  /** True once the client hung up in a way that means "cancel", or reads nothing any more. */
  isLeft = false;
  readonly #sentAtMs = performance.now();
  #verdict: Verdict | null = null;

  constructor(call: Call, ticket: Ticket, policy: PolicyState | null, entry: InFlight) {
    this.call = call;
    this.ticket = ticket;
    this.policy = policy;
    this.entry = entry;
  }

  get isSettled(): boolean {
    return this.#verdict !== null;
  }

  /** True when a lost outcome keeps counting, so that the end is worth waiting for. */
  get holds(): boolean {
    return this.ticket.onUnknown === "hold";
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
      outcome: mayHaveRun && this.holds ? ("in_doubt" as const) : ("void" as const),
      ...(mayHaveRun ? { mayHaveRun } : {}),
    };
    return toolRefusal(message.idText, era, "U", upstreamText(code, decisionId, mayHaveRun), part);
  }
}
