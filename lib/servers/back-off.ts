export interface BackOffTimes {
  /** After the first failure; doubled by each further one. */
  readonly minMs: number;
  readonly maxMs: number;
  /** What lived this long was no failure to start. */
  readonly steadyMs: number;
}

const keptMax = 2000;

interface Failures {
  count: number;
  untilMs: number;
}

/** How long to wait before something that failed is tried again, per key. Bounded: the oldest keys are forgotten first. */
export class BackOff {
  readonly #times: BackOffTimes;
  readonly #failures = new Map<string, Failures>();

  constructor(times: BackOffTimes) {
    this.#times = times;
  }

  /** It failed after `livedMs`. One that had been steady begins with the shortest wait again. */
  fail(key: string, nowMs: number, livedMs: number): void {
    const { minMs, maxMs, steadyMs } = this.#times;
    const count = livedMs >= steadyMs ? 1 : (this.#failures.get(key)?.count ?? 0) + 1;
    this.#failures.delete(key);
    this.#failures.set(key, { count, untilMs: nowMs + Math.min(maxMs, minMs * 2 ** Math.min(count - 1, 20)) });
    const oldest = this.#failures.keys().next();
    if (this.#failures.size > keptMax && !oldest.done) this.#failures.delete(oldest.value);
  }

  /** Milliseconds until the next try may begin; 0 = now. */
  remainingMs(key: string, nowMs: number): number {
    return Math.max(0, (this.#failures.get(key)?.untilMs ?? nowMs) - nowMs);
  }

  /** Something else is behind this key now. */
  forget(key: string): void {
    this.#failures.delete(key);
  }
}
