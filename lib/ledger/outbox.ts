import type { Settlement } from "./settlement";

/** Where outcomes wait on disk while the store cannot take them. */
export interface Spool {
  append(settlements: readonly Settlement[]): void;
  /** All that was spooled has been written. */
  clear(): void;
}

/**
 * Outcomes on their way to the store. Fresh ones ride with the next batch. One whose batch failed is stuck: it is spooled and
 * retried alone with its organisation's others, and that organisation is blocked until it is written.
 */
export class Outbox {
  readonly #max: number;
  readonly #spool: Spool;
  #fresh: Settlement[] = [];
  readonly #stuck = new Map<string, Settlement[]>();
  #stuckCount = 0;

  constructor(max: number, spool: Spool) {
    this.#max = max;
    this.#spool = spool;
  }

  get freshCount(): number {
    return this.#fresh.length;
  }

  get hasStuck(): boolean {
    return this.#stuckCount > 0;
  }

  isBlocked(orgId: string): boolean {
    return this.#stuck.has(orgId);
  }

  /** False when the bound is reached: the reservation then stays `sent` and is swept to in doubt, which keeps it counted. */
  add(settlement: Settlement): boolean {
    if (this.#fresh.length + this.#stuckCount >= this.#max) return false;
    this.#fresh.push(settlement);
    return true;
  }

  takeFresh(count: number): Settlement[] {
    return this.#fresh.splice(0, count);
  }

  /** The stuck outcomes of one organisation; each call begins with the next organisation. */
  nextStuck(count: number): Settlement[] {
    const [first] = this.#stuck;
    if (!first) return [];
    const [orgId, settlements] = first;
    this.#stuck.delete(orgId);
    this.#stuck.set(orgId, settlements);
    return settlements.slice(0, count);
  }

  /** What a failed batch, or an earlier process, left unwritten. `spooled` tells that it is on disk already. */
  hold(settlements: readonly Settlement[], spooled = false): void {
    for (const settlement of settlements) {
      const held = this.#stuck.get(settlement.orgId) ?? [];
      held.push(settlement);
      this.#stuck.set(settlement.orgId, held);
      this.#stuckCount += 1;
    }
    if (!spooled && settlements.length > 0) this.#spool.append(settlements);
  }

  /** Stuck outcomes that are written now; their organisation is free again when none is left. */
  release(settlements: readonly Settlement[]): void {
    const written = new Set(settlements);
    for (const orgId of new Set(settlements.map((one) => one.orgId))) {
      const held = this.#stuck.get(orgId) ?? [];
      const rest = held.filter((one) => !written.has(one));
      this.#stuckCount -= held.length - rest.length;
      if (rest.length > 0) this.#stuck.set(orgId, rest);
      else this.#stuck.delete(orgId);
    }
    if (this.#stuckCount === 0) this.#spool.clear();
  }
}
