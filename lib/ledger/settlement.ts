import { toLogText } from "@/lib/audit/log-text";
import type { Outcome, SettleState, Ticket } from "./types";

/** One outcome on its way to the store: what becomes of a reservation, and what its record says. */
export interface Settlement {
  decisionId: string;
  orgId: string;
  state: SettleState;
  end: Outcome["kind"];
  reason: string | null;
  upstreamStatus: number | null;
  upstreamMs: number | null;
  totalMs: number | null;
}

const reasonLengthMax = 400;
const intMax = 2_147_483_647;

interface Verdict {
  state: SettleState;
  reason: string | null;
}

/**
 * What an outcome does to its reservation. Definite results post, definite failures give back. An unknown one obeys the ticket,
 * but never gives back what the client itself made unknown: otherwise hanging up would buy quota.
 */
function verdictOf(ticket: Ticket, outcome: Outcome): Verdict {
  const { kind, reason } = outcome;
  switch (kind) {
    case "success":
      return { state: "posted", reason };
    case "failure":
      return { state: "void", reason };
    case "tool_error":
      return { state: ticket.onToolError === "post" ? "posted" : "void", reason: reason ?? "tool_error" };
    case "unknown":
      if (ticket.onUnknown === "hold") return { state: "in_doubt", reason };
      return outcome.byClient
        ? { state: "posted", reason: "cancelled" }
        : { state: "void", reason: "released_unknown" };
  }
}

/** The settlement of a sent call. Every figure and text comes out storable, whatever went in. */
export function toSettlement(ticket: Ticket, outcome: Outcome): Settlement {
  const { state, reason } = verdictOf(ticket, outcome);
  return {
    decisionId: ticket.decisionId,
    orgId: ticket.orgId,
    state,
    end: outcome.kind,
    reason: reason === null ? null : toLogText(reason, reasonLengthMax),
    upstreamStatus: outcome.upstreamStatus === null ? null : toCount(outcome.upstreamStatus),
    upstreamMs: toCount(outcome.upstreamMs),
    totalMs: toCount(outcome.totalMs),
  };
}

function toCount(value: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(Math.round(value), 0), intMax) : 0;
}

/** Quota of a reservation that was committed although its caller had been told `unavailable`: nothing was sent. */
export function neverSent(orgId: string, decisionId: string): Settlement {
  return unseen(orgId, decisionId, "failure", "void", "never_sent");
}

/** A sent call whose process is gone, or that outlived every deadline: nobody will learn how it ended. */
export function abandoned(orgId: string, decisionId: string, reason: "lease_lost" | "overdue"): Settlement {
  return unseen(orgId, decisionId, "unknown", "in_doubt", reason);
}

function unseen(
  orgId: string,
  decisionId: string,
  end: Settlement["end"],
  state: SettleState,
  reason: string,
): Settlement {
  return { decisionId, orgId, state, end, reason, upstreamStatus: null, upstreamMs: null, totalMs: null };
}
