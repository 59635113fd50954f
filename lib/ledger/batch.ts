import type { ChainHead, ChainRecord } from "@/lib/audit/chain";
import type { SearchColumns } from "@/lib/audit/decision-record";
import type { Decimal } from "@/lib/kernel/decimal";
import type { Window } from "@/lib/quota/window";
import type { Settlement } from "./settlement";
import type { Guards, Refusal, ReserveIntent, ReserveResult } from "./types";

/** One thing that a caller waits for. */
export type Request =
  { kind: "reserve"; orgId: string; intent: ReserveIntent } | { kind: "record"; orgId: string; refusal: Refusal };

export type Answer = ReserveResult | { kind: "recorded" };

/** What one transaction takes on. Settlements go first, so that what they give back is there for the requests behind them. */
export interface Batch {
  settlements: readonly Settlement[];
  /** In order of arrival. */
  requests: readonly Request[];
}

/** What the store must lock and read for a batch; lists are sorted and free of doubles. */
export interface BatchReads {
  orgIds: readonly string[];
  guards: readonly GuardKey[];
  counters: readonly { orgId: string; key: string }[];
  families: readonly FamilyKey[];
  settlements: readonly { decisionId: string; giveBack: boolean }[];
}

/** The counters into which `by` values split one. */
export interface FamilyKey {
  orgId: string;
  family: string;
  window: Window;
}

export interface GuardKey {
  orgId: string;
  grantId: string;
  serverId: string;
  policyId: string | null;
}

/**
 * Present state of a grant with the server and policy that it still has, by itself or through its bundle; no row means that they no
 * longer belong together.
 */
export interface GuardRow extends GuardKey {
  grantVersion: number;
  revoked: boolean;
  notBeforeMs: number | null;
  expiresAtMs: number | null;
  serverVersion: number;
  serverEnabled: boolean;
  liveVersion: number | null;
  bundleVersion: number | null;
}

export interface CounterRow {
  orgId: string;
  key: string;
  startMs: number;
  endMs: number;
  used: Decimal;
  max: Decimal | null;
  /** It was announced in this window that the counter is near its cap. */
  near: boolean;
}

/** How many counters of a family have a row in one window. */
export interface FamilyRow {
  orgId: string;
  family: string;
  startMs: number;
  count: number;
}

/** A reservation that is still `sent`; `lines` only when it is to give back. */
export interface SentRow {
  decisionId: string;
  orgId: string;
  lines: readonly { key: string; startMs: number; amount: Decimal }[];
}

/** Everything as it is under the locks, by the database's clock. */
export interface BatchState {
  nowMs: number;
  heads: ReadonlyMap<string, ChainHead>;
  guards: readonly GuardRow[];
  counters: readonly CounterRow[];
  /** Those of the windows that hold the present; without a row there is none. */
  families: readonly FamilyRow[];
  sent: readonly SentRow[];
}

export interface CounterWrite {
  orgId: string;
  key: string;
  startMs: number;
  endMs: number;
  /** Null when the counter is not one grant's alone. */
  grantId: string | null;
  policyId: string;
  name: string;
  family: string | null;
  /** What must still be stored; null means that there is no row yet. */
  old: string | null;
  used: string;
  max: string | null;
  /** The counter came near its cap; a time that is stored already stays. */
  near: boolean;
}

export interface ReservationWrite {
  decisionId: string;
  orgId: string;
  onUnknown: "hold" | "release";
}

export interface LineWrite {
  decisionId: string;
  orgId: string;
  key: string;
  startMs: number;
  amount: string;
}

/** A chained record on its way to the store. */
export interface LogWrite extends ChainRecord, SearchColumns {
  orgId: string;
  kind: "decision" | "outcome";
  decisionId: string;
}

export interface HeadWrite {
  orgId: string;
  oldSeq: bigint;
  seq: bigint;
  hash: string;
}

/** All that a batch changes. The store applies it whole, and only if heads, counters and reservations are still as they were read. */
export interface BatchWrites {
  nowMs: number;
  heads: readonly HeadWrite[];
  log: readonly LogWrite[];
  counters: readonly CounterWrite[];
  reservations: readonly ReservationWrite[];
  lines: readonly LineWrite[];
  settled: readonly { decisionId: string; state: string }[];
}

/** What must be locked and read before `batch` can be planned. */
export function readsOf(batch: Batch): BatchReads {
  const orgs = new Set<string>();
  const guards = new Map<string, GuardKey>();
  const counters = new Map<string, { orgId: string; key: string }>();
  const families = new Map<string, FamilyKey>();
  for (const { orgId } of batch.settlements) orgs.add(orgId);
  for (const request of batch.requests) {
    orgs.add(request.orgId);
    if (request.kind !== "reserve") continue;
    const guard = guardKeyOf(request.orgId, request.intent.guards);
    guards.set(guardText(guard), guard);
    const { orgId } = request;
    for (const { key, family, window } of request.intent.counters) {
      counters.set(`${orgId} ${key}`, { orgId, key });
      if (family !== null) families.set(`${orgId} ${window} ${family}`, { orgId, family, window });
    }
  }
  return {
    orgIds: [...orgs].sort(),
    guards: [...guards.values()],
    counters: [...counters].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, counter]) => counter),
    families: [...families.values()],
    settlements: batch.settlements.map((one) => ({ decisionId: one.decisionId, giveBack: one.state === "void" })),
  };
}

export function guardKeyOf(orgId: string, guards: Guards): GuardKey {
  return { orgId, grantId: guards.grantId, serverId: guards.serverId, policyId: guards.policyId };
}

/** Ids are UUIDs, so a space never makes two keys alike. */
export function guardText(key: GuardKey): string {
  return `${key.orgId} ${key.grantId} ${key.serverId} ${key.policyId ?? "-"}`;
}
