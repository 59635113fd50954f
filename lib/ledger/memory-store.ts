import { emptyChain } from "@/lib/audit/chain";
import type { ChainHead } from "@/lib/audit/chain";
import { compare } from "@/lib/kernel/decimal";
import { windowOf } from "@/lib/quota/window";
import { guardText } from "./batch";
import type { BatchReads, BatchState, BatchWrites, CounterRow, GuardRow, LineWrite, LogWrite } from "./batch";
import type { LedgerSnapshot } from "./invariants";
import { toDecimal } from "./rows";
import type { BatchStore, CommitResult } from "./store";

interface StoredReservation {
  decisionId: string;
  orgId: string;
  state: string;
  lines: LineWrite[];
}

interface StoredCounter extends CounterRow {
  grantId: string | null;
  family: string | null;
}

/** A store in memory with the rules of the real one, for tests of planning and of the writer without a database. */
export class MemoryStore implements BatchStore {
  nowMs = Date.parse("2026-03-01T12:00:00Z");
  readonly guards = new Map<string, GuardRow>();
  readonly heads = new Map<string, ChainHead>();
  readonly counters = new Map<string, StoredCounter>();
  /** Rows that a family has beside those of `counters`, in whatever window is read. */
  readonly otherRows = new Map<string, number>();
  readonly reservations = new Map<string, StoredReservation>();
  readonly log: LogWrite[] = [];

  allow(row: GuardRow): void {
    this.guards.set(guardText(row), row);
  }

  async open(reads: BatchReads): Promise<BatchState> {
    const heads = new Map(reads.orgIds.map((orgId) => [orgId, this.heads.get(orgId) ?? emptyChain]));
    return {
      nowMs: this.nowMs,
      heads,
      guards: reads.guards.flatMap((key) => this.guards.get(guardText(key)) ?? []),
      counters: [...this.counters.values()],
      families: reads.families.map((one) => {
        const { startMs } = windowOf(this.nowMs, one.window);
        const rows = [...this.counters.values()].filter(
          (row) => row.orgId === one.orgId && row.family === one.family && row.startMs === startMs,
        );
        return { ...one, startMs, count: rows.length + (this.otherRows.get(one.family) ?? 0) };
      }),
      sent: reads.settlements.flatMap(({ decisionId, giveBack }) => {
        const row = this.reservations.get(decisionId);
        if (row?.state !== "sent") return [];
        const lines = row.lines.map((line) => ({ ...line, amount: toDecimal(line.amount) }));
        return [{ decisionId, orgId: row.orgId, lines: giveBack ? lines : [] }];
      }),
    };
  }

  async commit(writes: BatchWrites): Promise<CommitResult> {
    const stale = writes.heads.some(({ orgId, oldSeq }) => (this.heads.get(orgId)?.seq ?? 0n) !== oldSeq);
    const moved = writes.counters.some((one) => !sameAsOld(this.counters.get(textOf(one)), one.old));
    const gone = writes.settled.some(({ decisionId }) => this.reservations.get(decisionId)?.state !== "sent");
    if (stale || moved || gone) return { kind: "rolled_back", cause: new Error("not as it was read") };
    for (const { orgId, seq, hash } of writes.heads) this.heads.set(orgId, { seq, hash });
    for (const one of writes.counters) {
      const max = one.max === null ? null : toDecimal(one.max);
      const { grantId, family, near } = this.counters.get(textOf(one)) ?? one;
      this.counters.set(textOf(one), {
        ...one,
        used: toDecimal(one.used),
        max,
        grantId,
        family,
        near: near || one.near,
      });
    }
    for (const one of writes.reservations) {
      const lines = writes.lines.filter((line) => line.decisionId === one.decisionId);
      this.reservations.set(one.decisionId, { ...one, state: "sent", lines });
    }
    for (const { decisionId, state } of writes.settled) {
      const row = this.reservations.get(decisionId);
      if (row) row.state = state;
    }
    this.log.push(...writes.log);
    return { kind: "committed" };
  }

  abandon(): void {
    return;
  }

  async close(): Promise<void> {
    return;
  }

  snapshot(orgId: string): LedgerSnapshot {
    const own = <R extends { orgId: string }>(rows: Iterable<R>) => [...rows].filter((row) => row.orgId === orgId);
    const reservations = own(this.reservations.values()).map((row) => ({
      ...row,
      lines: row.lines.map((line) => ({ ...line, amount: toDecimal(line.amount) })),
    }));
    return {
      counters: own(this.counters.values()),
      reservations,
      log: own(this.log),
      head: this.heads.get(orgId) ?? emptyChain,
    };
  }
}

function textOf(place: { orgId: string; key: string; startMs: number }): string {
  return `${place.orgId} ${String(place.startMs)} ${place.key}`;
}

function sameAsOld(row: CounterRow | undefined, old: string | null): boolean {
  return row === undefined || old === null
    ? row === undefined && old === null
    : compare(row.used, toDecimal(old)) === 0;
}
