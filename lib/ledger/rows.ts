import type { ChainHead } from "@/lib/audit/chain";
import { parseDecimal } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import type { BatchReads, CounterRow, FamilyRow, GuardRow, SentRow } from "./batch";

/** Rows as the driver gives them: `bigint` and `numeric` come as text. */
export interface HeadResult {
  org_id: string;
  seq: string;
  hash: string;
  now_ms: string;
}

export interface GuardResult {
  n: string;
  grant_version: number;
  revoked: boolean;
  not_before_ms: string | null;
  expires_at_ms: string | null;
  server_version: number;
  server_enabled: boolean;
  live_version: number | null;
  bundle_version: number | null;
}

export interface CounterResult {
  n: string;
  start_ms: string;
  end_ms: string;
  used: string;
  max: string | null;
  near: boolean;
}

export interface FamilyResult {
  n: string;
  start_ms: string;
  count: number;
}

export interface SentResult {
  id: string;
  org_id: string;
  key: string | null;
  start_ms: string | null;
  amount: string | null;
  end_ms: string | null;
  used: string | null;
  max: string | null;
  near: boolean | null;
}

/** Sums of amounts may have more digits than any one amount. */
const storedLimits = { digits: 200, exponent: 200 };

/** A stored number, exact. Throws on what no ledger wrote (NaN, Infinity): better no answer than a wrong count. */
export function toDecimal(text: string): Decimal {
  const decimal = parseDecimal(text, storedLimits);
  if (!decimal) throw new Error("a stored amount is not a plain number");
  return decimal;
}

const toDecimalOrNull = (text: string | null) => (text === null ? null : toDecimal(text));
const toNumberOrNull = (text: string | null) => (text === null ? null : Number(text));

export function toHeads(results: readonly HeadResult[]): Map<string, ChainHead> {
  return new Map(results.map((row) => [row.org_id, { seq: BigInt(row.seq), hash: row.hash }]));
}

/** The latest reading: rows are locked one after the other, and only the last reading is behind all locks. */
export function toNowMs(results: readonly HeadResult[]): number {
  return Math.max(...results.map((row) => Number(row.now_ms)));
}

export function toGuardRows(reads: BatchReads, results: readonly GuardResult[]): GuardRow[] {
  return results.flatMap((row) => {
    const key = reads.guards[Number(row.n) - 1];
    if (!key) return [];
    return {
      ...key,
      grantVersion: row.grant_version,
      revoked: row.revoked,
      notBeforeMs: toNumberOrNull(row.not_before_ms),
      expiresAtMs: toNumberOrNull(row.expires_at_ms),
      serverVersion: row.server_version,
      serverEnabled: row.server_enabled,
      liveVersion: row.live_version,
      bundleVersion: row.bundle_version,
    };
  });
}

/** Counters of the claims, and those of the windows that settlements give back to. */
export function toCounterRows(
  reads: BatchReads,
  claimed: readonly CounterResult[],
  sent: readonly SentResult[],
): CounterRow[] {
  const own = claimed.flatMap((row) => {
    const counter = reads.counters[Number(row.n) - 1];
    return counter ? { ...counter, ...toCount(row) } : [];
  });
  const returned = sent.flatMap(({ org_id: orgId, key, start_ms, end_ms, used, max, near }) =>
    key === null || start_ms === null || end_ms === null || used === null || near === null
      ? []
      : { orgId, key, ...toCount({ start_ms, end_ms, used, max, near }) },
  );
  return [...own, ...returned];
}

function toCount({ start_ms: start, end_ms: end, used, max, near }: Omit<CounterResult, "n">) {
  return { startMs: Number(start), endMs: Number(end), used: toDecimal(used), max: toDecimalOrNull(max), near };
}

export function toFamilyRows(reads: BatchReads, results: readonly FamilyResult[]): FamilyRow[] {
  return results.flatMap(({ n, start_ms: start, count }) => {
    const found = reads.families[Number(n) - 1];
    return found ? { orgId: found.orgId, family: found.family, startMs: Number(start), count } : [];
  });
}

/** One per reservation that still waits for its outcome. */
export function toSentRows(results: readonly SentResult[]): SentRow[] {
  const rows = new Map<string, { decisionId: string; orgId: string; lines: SentRow["lines"][number][] }>();
  for (const result of results) {
    const row = rows.get(result.id) ?? { decisionId: result.id, orgId: result.org_id, lines: [] };
    rows.set(result.id, row);
    if (result.key === null || result.start_ms === null || result.amount === null) continue;
    row.lines.push({ key: result.key, startMs: Number(result.start_ms), amount: toDecimal(result.amount) });
  }
  return [...rows.values()];
}
