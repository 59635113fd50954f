import type { CountedRecord, ShadowNote } from "@/lib/audit/decision-record";
import { add, compare, subtract, toText, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { admit, isNear } from "@/lib/quota/admit";
import { byValuesMax } from "@/lib/quota/key";
import { windowOf } from "@/lib/quota/window";
import type { Window } from "@/lib/quota/window";
import type { CounterRow, CounterWrite, FamilyRow, LineWrite } from "./batch";
import type { ClaimLimit, CounterClaim, ReserveIntent } from "./types";

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
  near: boolean;
  /** What a new row says of itself. */
  owner: Pick<CounterWrite, "grantId" | "policyId" | "name" | "family"> | null;
  moved: boolean;
}

/** Why a call is not to be sent. A split into too many is a denial, and goes before any limit. */
type Refusal =
  | { kind: "limited"; rule: string; limit: ClaimLimit; window: Window; endMs: number }
  | { kind: "denied"; rule: string; window: Window };

/** `shadow` says what limits in shadow would have done, whatever became of the call. */
export type Claimed = ({ kind: "taken"; lines: LineWrite[]; counted: CountedRecord[] } | Refusal) & {
  shadow: ShadowNote[];
};

/** What one intent would take, while its claims are looked at one after the other. */
interface Draft {
  takes: Map<Cell, { amount: Decimal; max: Decimal | null }>;
  counted: { claim: CounterClaim; cell: Cell }[];
  refusal: Refusal | null;
  shadow: ShadowNote[];
}

/** The counters of one batch: read under the lock, moved in memory, written once. */
export class CounterBook {
  readonly #nowMs: number;
  readonly #cells = new Map<string, Cell>();
  /** Rows by family and window, those that this batch will make included. */
  readonly #families = new Map<string, number>();

  constructor(nowMs: number, rows: readonly CounterRow[], families: readonly FamilyRow[]) {
    this.#nowMs = nowMs;
    for (const row of rows) {
      const cell = { ...row, stored: row.used, owner: null, moved: false };
      this.#cells.set(cellText(row.orgId, row.startMs, row.key), cell);
    }
    for (const row of families) this.#families.set(cellText(row.orgId, row.startMs, row.family), row.count);
  }

  /**
   * Takes all counters of an intent or none. The window of each is the one that holds the database's present. A split into too many
   * of which only limits in shadow speak is left out instead of refused.
   */
  claim(intent: ReserveIntent): Claimed {
    const draft: Draft = { takes: new Map(), counted: [], refusal: null, shadow: [] };
    for (const claim of intent.counters) {
      const cell = this.#cellOf(intent, claim);
      if (this.#hasPlace(draft, cell, claim)) weigh(draft, cell, claim);
      else refuseSplit(draft, claim);
    }
    const { refusal, shadow } = draft;
    return refusal ? { ...refusal, shadow } : { kind: "taken", ...this.#take(intent.decisionId, draft), shadow };
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

  /** A family that is full takes no new counter in this window; those that it has go on. */
  #hasPlace({ takes }: Draft, cell: Cell, { family }: CounterClaim): boolean {
    if (family === null || !isNew(cell) || takes.has(cell)) return true;
    const { orgId, startMs } = cell;
    const siblings = [...takes.keys()].filter(
      (one) => isNew(one) && one.owner?.family === family && one.startMs === startMs,
    );
    return (this.#families.get(cellText(orgId, startMs, family)) ?? 0) + siblings.length < byValuesMax;
  }

  #take(decisionId: string, { takes, counted }: Draft): { lines: LineWrite[]; counted: CountedRecord[] } {
    const lines: LineWrite[] = [];
    const near = new Set<Cell>();
    for (const [cell, { amount, max }] of takes) {
      const { orgId, key, startMs } = cell;
      const family = isNew(cell) ? cell.owner?.family : null;
      if (family) {
        const text = cellText(orgId, startMs, family);
        this.#families.set(text, (this.#families.get(text) ?? 0) + 1);
      }
      cell.used = add(cell.used, amount);
      cell.max = max;
      cell.moved = true;
      if (max !== null && !cell.near && isNear(cell.used, max)) {
        cell.near = true;
        near.add(cell);
      }
      lines.push({ decisionId, orgId, key, startMs, amount: toText(amount) });
    }
    const records = counted.map(({ claim: { name, window }, cell }) => {
      return { name, window, windowStart: new Date(cell.startMs).toISOString(), near: near.delete(cell) };
    });
    return { lines, counted: records };
  }

  #cellOf(intent: ReserveIntent, claim: CounterClaim): Cell {
    const { startMs, endMs } = windowOf(this.#nowMs, claim.window);
    const text = cellText(intent.orgId, startMs, claim.key);
    const found = this.#cells.get(text);
    if (found) return found;
    const { key, name, family } = claim;
    const grantId = claim.per === "grant" ? intent.grantId : null;
    const owner = { grantId, policyId: intent.policyId ?? intent.grantId, name, family };
    const place = { orgId: intent.orgId, key, startMs, endMs };
    const cell: Cell = { ...place, stored: null, used: zero, max: null, near: false, owner, moved: false };
    this.#cells.set(text, cell);
    return cell;
  }
}

/** Adds a claim to what its intent takes, and what its limits say to that. */
function weigh(draft: Draft, cell: Cell, claim: CounterClaim): void {
  const before = draft.takes.get(cell) ?? { amount: zero, max: null };
  const used = add(cell.used, before.amount);
  if (!admit(used, claim.amount, claim.limits).ok) {
    for (const limit of claim.limits) {
      if (admit(used, claim.amount, [limit]).ok) continue;
      if (limit.shadow) draft.shadow.push({ rule: limit.rule, would: "rate_limited" });
      else draft.refusal ??= { kind: "limited", rule: limit.rule, limit, window: claim.window, endMs: cell.endMs };
    }
  }
  draft.takes.set(cell, { amount: add(before.amount, claim.amount), max: leastMax(claim, before.max) });
  draft.counted.push({ claim, cell });
}

function refuseSplit(draft: Draft, { limits, window }: CounterClaim): void {
  const enforced = limits.find((limit) => !limit.shadow);
  if (enforced && draft.refusal?.kind !== "denied") draft.refusal = { kind: "denied", rule: enforced.rule, window };
  const [first] = limits;
  if (!enforced && first) draft.shadow.push({ rule: first.rule, would: "deny" });
}

/** The tightest cap that is enforced; null when there is none. */
function leastMax({ limits }: CounterClaim, before: Decimal | null): Decimal | null {
  let least = before;
  for (const { max, shadow } of limits) if (!shadow && (least === null || compare(max, least) < 0)) least = max;
  return least;
}

/** Neither stored nor to be stored yet. */
function isNew(cell: Cell): boolean {
  return cell.stored === null && !cell.moved;
}

function cellText(orgId: string, startMs: number, key: string): string {
  return `${orgId} ${String(startMs)} ${key}`;
}

function toWrite(cell: Cell): CounterWrite {
  const { orgId, key, startMs, endMs, owner, near } = cell;
  return {
    orgId,
    key,
    startMs,
    endMs,
    grantId: owner?.grantId ?? null,
    policyId: owner?.policyId ?? "",
    name: owner?.name ?? "",
    family: owner?.family ?? null,
    old: cell.stored === null ? null : toText(cell.stored),
    used: toText(cell.used),
    max: cell.max === null ? null : toText(cell.max),
    near,
  };
}
