import type { ShadowNote } from "@/lib/audit/decision-record";
import type { Decimal } from "@/lib/kernel/decimal";
import type { DecisionId, GrantId, OrgId, PolicyId, ServerId } from "@/lib/kernel/ids";
import type { CounterPer } from "@/lib/quota/key";
import type { Window } from "@/lib/quota/window";

/** One rule's bound on a counter. One in `shadow` never refuses; that it would have is noted in the decision's record. */
export interface ClaimLimit {
  rule: string;
  max: Decimal;
  inclusive: boolean;
  message: string | null;
  shadow: boolean;
}

/** One counter that a call moves; `key` and `family` are made by `lib/quota/key.ts`. */
export interface CounterClaim {
  key: string;
  /** What all values that split the counter share; null when nothing splits it. */
  family: string | null;
  per: CounterPer;
  name: string;
  window: Window;
  amount: Decimal;
  /** In file order: the first that refuses is reported. */
  limits: readonly ClaimLimit[];
  onUnknown: "hold" | "release";
  onToolError: "void" | "post";
}

/** The versions a decision was made with. The reserve transaction reads them again; a difference answers `changed`. */
export interface Guards {
  grantId: GrantId;
  grantVersion: number;
  serverId: ServerId;
  serverVersion: number;
  policyId: PolicyId | null;
  policyVersion: number | null;
  /** Of the bundle that the grant reaches the server through; null when it is the server's own. */
  bundleVersion: number | null;
}

/** The facts of a decision record. Argument values never enter it: keys and a keyed digest only. */
export interface DecisionFacts {
  orgId: OrgId;
  decisionId: DecisionId;
  grantId: GrantId;
  /** Null for a request to a bundle that reached none of its servers. */
  serverId: ServerId | null;
  policyId: PolicyId | null;
  policyVersion: number | null;
  policyHash: string | null;
  method: string;
  tool: string | null;
  argKeys: readonly string[];
  argDigest: string | null;
  client: { name: string | null; version: string | null; address: string | null };
  protocolVersion: string | null;
  /** What the policy's shadow rules would have done; null when none spoke. The ledger adds what limits in shadow would have refused. */
  shadow: readonly ShadowNote[] | null;
}

export type DecisionWord = "allow" | "deny" | "rate_limited" | "hold";

/** A refusal to be recorded; nothing was forwarded. */
export interface Refusal extends DecisionFacts {
  /** `allow` only for requests that are no tool calls: lists and content, which take no counter. */
  decision: DecisionWord;
  rule: string;
  reason: string;
}

/** A call that policy allows if its counters have room. */
export interface ReserveIntent extends DecisionFacts {
  guards: Guards;
  counters: readonly CounterClaim[];
}

/** Leave to send exactly one request upstream; must be settled exactly once. */
export interface Ticket {
  decisionId: DecisionId;
  orgId: OrgId;
  /** Strictest `on_unknown` of the matched limits; those in shadow have no say. */
  onUnknown: "hold" | "release";
  /** `post` when some matched limit says so. */
  onToolError: "void" | "post";
  /** Database time of the reservation, ISO 8601. */
  reservedAt: string;
}

export type ReserveResult =
  | { kind: "sent"; ticket: Ticket }
  /** Refused by a limit; the refusal is already recorded. `resetsAt` is the end of the window by the database clock. */
  | { kind: "limited"; rule: string; message: string; retryAfterMs: number; resetsAt: string }
  /** Refused because the call would split a counter into too many; already recorded, with the decision `deny`. */
  | { kind: "denied"; rule: string; message: string; reason: "by_values" }
  /** Grant, server or policy changed since the decision: evaluate again. Nothing was recorded. */
  | { kind: "changed" }
  /** Nothing durable: deny. */
  | { kind: "unavailable" };

export type SettleState = "posted" | "void" | "in_doubt";

/** How a sent call ended. `unknown` obeys the ticket's `onUnknown` unless `byClient`. */
export interface Outcome {
  kind: "success" | "failure" | "tool_error" | "unknown";
  /** Unknown caused by the client itself: never released. */
  byClient: boolean;
  reason: string | null;
  upstreamStatus: number | null;
  upstreamMs: number;
  totalMs: number;
}

/** The ledger's verbs. `reserve` and `record` return only after their rows are durable; they never throw on a store failure. */
export interface Ledger {
  reserve(intent: ReserveIntent): Promise<ReserveResult>;
  record(refusal: Refusal): Promise<{ kind: "recorded" } | { kind: "unavailable" }>;
  /** Settles once; retried with back-off until it is written. Resolves when the ledger took the outcome over. */
  settle(ticket: Ticket, outcome: Outcome): void;
  /** Waits for queued work; used on stop. */
  drain(): Promise<void>;
}
