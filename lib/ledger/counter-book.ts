import { add, compare, subtract, toText, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { admit } from "@/lib/quota/admit";
import { windowOf } from "@/lib/quota/window";
import type { CounterRow, CounterWrite, LineWrite } from "./batch";
import type { CounterClaim, ReserveIntent } from "./types";

/** One counter in one window, as it stands while the batch is planned. */
interface Cell {
  orgId: string;
  key: string;
  startMs: number;
  endMs: number;
  /** What the store holds; null while there is no row. */
  stored: Decimal | null;
  used: Decimal;
  max: Decimal | null;
  /** Who made the row; used when it is new. */
  owner: { grantId: string; policyId: string; name: string } | null;
  moved: boolean;
}

export type Claimed =
  { ok: true; lines: LineWrite[] } | { ok: false; claim: CounterClaim; limitIndex: number; endMs: number };

/** The counters of one batch: read under the lock, moved in memory, written once. */
export class CounterBook {
  readonly #nowMs: number;
  readonly #cells = new Map<string, Cell>();

  constructor(nowMs: number, rows: readonly CounterRow[]) {
    this.#nowMs = nowMs;
    for (const row of rows) {
      const cell = { ...row, stored: row.used, owner: null, moved: false };
      this.#cells.set(cellText(row.orgId, row.startMs, row.key), cell);
    }
  }

  /** Takes all counters of an intent or none. The window of each is the one that holds the database's present. */
  claim(intent: ReserveIntent): Claimed {
    const taken = new Map<Cell, Decimal>();
    for (const claim of intent.counters) {
      const cell = this.#cellOf(intent, claim);
      const before = taken.get(cell) ?? zero;
      const room = admit(add(cell.used, before), claim.amount, claim.limits);
      if (!room.ok) return { ok: false, claim, limitIndex: room.index, endMs: cell.endMs };
      taken.set(cell, add(before, claim.amount));
    }
    for (const claim of intent.counters) this.#cellOf(intent, claim).max = smallestMax(claim);
    const lines: LineWrite[] = [];
    for (const [cell, amount] of taken) {
      cell.used = add(cell.used, amount);
      cell.moved = true;
      const { orgId, key, startMs } = cell;
      lines.push({ decisionId: intent.decisionId, orgId, key, startMs, amount: toText(amount) });
    }
    return { ok: true, lines };
  }

  /** Returns quota to the window that it was taken from; a counter that was pruned meanwhile has nothing to return to. */
  giveBack(orgId: string, line: { key: string; startMs: number; amount: Decimal }): void {
    const cell = this.#cells.get(cellText(orgId, line.startMs, line.key));
    if (!cell) return;
    const rest = subtract(cell.used, line.amount);
    cell.used = compare(rest, zero) < 0 ? zero : rest;
    cell.moved = true;
  }

  /** What has to be stored, in key order. */
  writes(): CounterWrite[] {
    const moved = [...this.#cells].filter(([, cell]) => cell.moved);
    return moved.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, cell]) => toWrite(cell));
  }

  #cellOf(intent: ReserveIntent, claim: CounterClaim): Cell {
    const { startMs, endMs } = windowOf(this.#nowMs, claim.window);
    const text = cellText(intent.orgId, startMs, claim.key);
    const found = this.#cells.get(text);
    if (found) return found;
    const owner = { grantId: intent.grantId, policyId: intent.policyId ?? intent.grantId, name: claim.name };
    const { key } = claim;
    const cell = { orgId: intent.orgId, key, startMs, endMs, stored: null, used: zero, max: null, owner, moved: false };
    this.#cells.set(text, cell);
    return cell;
  }
}

function cellText(orgId: string, startMs: number, key: string): string {
  return `${orgId} ${String(startMs)} ${key}`;
}

function smallestMax(claim: CounterClaim): Decimal | null {
  return claim.limits.reduce<Decimal | null>(
    (least, { max }) => (least === null || compare(max, least) < 0 ? max : least),
    null,
  );
}

function toWrite(cell: Cell): CounterWrite {
  const { orgId, key, startMs, endMs, owner } = cell;
  return {
    orgId,
    key,
    startMs,
    endMs,
    grantId: owner?.grantId ?? "",
    policyId: owner?.policyId ?? "",
    name: owner?.name ?? "",
    old: cell.stored === null ? null : toText(cell.stored),
    used: toText(cell.used),
    max: cell.max === null ? null : toText(cell.max),
  };
}
