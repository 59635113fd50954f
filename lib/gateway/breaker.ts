/** What becomes known of one request that was let through. */
export type BreakerNews =
  /** A status below 500 arrived: the upstream is there. */
  | "answered"
  /** The whole answer arrived. */
  | "finished"
  /** It could not be connected to, did not answer in time, or answered 5xx. */
  | "failed"
  /** It ended in a way that says nothing about the upstream, such as a client that left. */
  | "abandoned";

export type BreakerStateName = "closed" | "open" | "half_open";

export interface BreakerState {
  name: BreakerStateName;
  /** Milliseconds until the next request has a chance; 0 while closed. */
  retryAfterMs: number;
}

/** One request that was let through; its news go with it. */
export interface Pass {
  readonly isProbe: boolean;
}

const failuresMax = 5;
const openMs = 30_000;
/** What a request that comes while the one probe runs is told. */
const probeRetryMs = 1_000;
const plain: Pass = { isProbe: false };

/**
 * Stops requests to an upstream that fails (gateway contract, section 8): five failures in a row open it for 30 s, then one request
 * probes. A probe that is answered closes it, but the next failure opens it again until a whole answer has arrived. Times are
 * monotonic milliseconds.
 */
export class Breaker {
  #failures = 0;
  /** Null while closed; else when the next probe may go. */
  #probeAtMs: number | null = null;
  #probe: Pass | null = null;

  /** Leave to send one request, or how long to stay away. */
  admit(nowMs: number): { ok: true; pass: Pass } | { ok: false; retryAfterMs: number } {
    if (this.#probeAtMs === null) return { ok: true, pass: plain };
    const waitMs = this.#probeAtMs - nowMs;
    if (waitMs > 0)
      return { ok: false, retryAfterMs: Math.ceil(this.#probe ? Math.min(waitMs, probeRetryMs) : waitMs) };
    // A probe that is never heard of again must not close the way for ever: another may go after the same time.
    this.#probeAtMs = nowMs + openMs;
    this.#probe = { isProbe: true };
    return { ok: true, pass: this.#probe };
  }

  /** Takes over what became of a request. While open only the probe's news count. */
  hear(pass: Pass, news: BreakerNews, nowMs: number): void {
    if (this.#probeAtMs !== null) {
      if (pass === this.#probe) this.#hearProbe(news, nowMs);
    } else if (news === "failed") {
      this.#failures += 1;
      if (this.#failures >= failuresMax) this.#probeAtMs = nowMs + openMs;
    } else if (news === "finished") this.#failures = 0;
  }

  state(nowMs: number): BreakerState {
    if (this.#probeAtMs === null) return { name: "closed", retryAfterMs: 0 };
    const waitMs = Math.max(0, Math.ceil(this.#probeAtMs - nowMs));
    if (this.#probe) return { name: "half_open", retryAfterMs: Math.min(waitMs, probeRetryMs) };
    return { name: waitMs === 0 ? "half_open" : "open", retryAfterMs: waitMs };
  }

  #hearProbe(news: BreakerNews, nowMs: number): void {
    this.#probe = null;
    if (news === "failed") this.#probeAtMs = nowMs + openMs;
    else if (news === "abandoned") this.#probeAtMs = nowMs;
    else {
      this.#probeAtMs = null;
      this.#failures = news === "finished" ? 0 : failuresMax - 1;
    }
  }
}
