import { verifyChain } from "@/lib/audit/chain";
import type { ChainHead, ChainRecord, Digest } from "@/lib/audit/chain";
import { add, compare, toText, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";

/** What one organisation's ledger holds, as read in one snapshot. */
export interface LedgerSnapshot {
  counters: readonly { key: string; startMs: number; used: Decimal; max: Decimal | null }[];
  reservations: readonly { decisionId: string; state: string; lines: readonly LineSnapshot[] }[];
  log: readonly (ChainRecord & {
    kind: string;
    decisionId: string;
    decision: string | null;
    reason: string | null;
    outcome: string | null;
  })[];
  head: ChainHead;
}

export interface LineSnapshot {
  key: string;
  startMs: number;
  amount: Decimal;
}

const counted = new Set(["held", "sent", "posted", "in_doubt"]);
/** The reason in records of requests that pass without a reservation (lists, content). */
const relayed = "relayed";
const terminal = new Set(["posted", "void", "in_doubt"]);

/**
 * Invariant I2: in every counter and window, posted + held + sent + in doubt is exactly what the counter says, and no more than its cap.
 * The cap is that of the newest admission; pass `capOf` where it is known otherwise. Returns sentences, none when all is well.
 */
export function countersHold(snapshot: LedgerSnapshot, capOf?: (key: string) => Decimal | null): string[] {
  const sums = new Map<string, Decimal>();
  for (const { state, lines } of snapshot.reservations) {
    if (!counted.has(state)) continue;
    for (const line of lines) {
      const cell = cellOf(line);
      sums.set(cell, add(sums.get(cell) ?? zero, line.amount));
    }
  }
  const breaches = snapshot.counters.flatMap((counter) => {
    const sum = sums.get(cellOf(counter)) ?? zero;
    sums.delete(cellOf(counter));
    const cap = capOf ? capOf(counter.key) : counter.max;
    const wrong = compare(sum, counter.used) !== 0;
    const over = cap !== null && compare(counter.used, cap) > 0;
    return [
      ...(wrong ? [`I2 ${cellOf(counter)}: counter ${toText(counter.used)}, reservations ${toText(sum)}`] : []),
      ...(over ? [`I2 ${cellOf(counter)}: ${toText(counter.used)} is over its cap`] : []),
    ];
  });
  const orphans = [...sums].filter(([, sum]) => compare(sum, zero) > 0);
  return [...breaches, ...orphans.map(([cell]) => `I2 ${cell}: reservations without a counter`)];
}

/**
 * Invariant I3, and the ledger's half of I4: every reservation has exactly one earlier `allow` record, at most one outcome record, and one
 * exactly when its state is terminal, naming that state. No record of either kind stands without its reservation.
 */
export function outcomesAreSingle(snapshot: LedgerSnapshot): string[] {
  const allowed = countBy(snapshot.log.filter((row) => row.decision === "allow" && row.reason !== relayed));
  const outcomes = snapshot.log.filter((row) => row.kind === "outcome");
  const ended = countBy(outcomes);
  const states = new Map(snapshot.reservations.map((one) => [one.decisionId, one.state]));
  const breaches: string[] = [];
  for (const [id, state] of states) {
    if (allowed.get(id) !== 1) breaches.push(`I4 ${id}: ${String(allowed.get(id) ?? 0)} allow records`);
    const expected = terminal.has(state) ? 1 : 0;
    if ((ended.get(id) ?? 0) !== expected)
      breaches.push(`I3 ${id}: ${state} with ${String(ended.get(id) ?? 0)} outcomes`);
  }
  for (const { decisionId, outcome } of outcomes) {
    if (states.get(decisionId) !== outcome) breaches.push(`I3 ${decisionId}: record says ${String(outcome)}`);
  }
  for (const id of allowed.keys()) if (!states.has(id)) breaches.push(`I4 ${id}: allowed without a reservation`);
  return breaches;
}

/** Invariant I9: the chain verifies up to its stored head. */
export async function chainVerifies(snapshot: LedgerSnapshot, digest: Digest): Promise<string[]> {
  const report = await verifyChain(snapshot.log, { digest, head: snapshot.head });
  return report.ok ? [] : [`I9 record ${String(report.seq)}: ${report.reason}`];
}

/** All of them. */
export async function breachesOf(snapshot: LedgerSnapshot, digest: Digest): Promise<string[]> {
  return [...countersHold(snapshot), ...outcomesAreSingle(snapshot), ...(await chainVerifies(snapshot, digest))];
}

function cellOf(place: { key: string; startMs: number }): string {
  return `${place.key} @ ${new Date(place.startMs).toISOString()}`;
}

function countBy(rows: readonly { decisionId: string }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { decisionId } of rows) counts.set(decisionId, (counts.get(decisionId) ?? 0) + 1);
  return counts;
}
