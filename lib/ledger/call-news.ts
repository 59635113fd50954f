const everyMs = 250;
const orgsMax = 10_000;

interface News {
  sentAtMs: number;
  /** Newest call that was not announced yet. */
  waiting: string | null;
}

/** Announces changed calls at most four times a second per organisation; the last change of a burst is always announced. */
export class CallNews {
  readonly #publish: (orgId: string, id: string) => void;
  readonly #news = new Map<string, News>();

  constructor(publish: (orgId: string, id: string) => void) {
    this.#publish = publish;
  }

  changed(orgId: string, id: string): void {
    const news = this.#news.get(orgId);
    if (news) {
      news.waiting = id;
      return;
    }
    if (this.#news.size >= orgsMax) return;
    this.#news.set(orgId, { sentAtMs: performance.now(), waiting: null });
    this.#publish(orgId, id);
    this.#later(orgId);
  }

  #later(orgId: string): void {
    const timer = setTimeout(() => {
      const waiting = this.#news.get(orgId)?.waiting ?? null;
      this.#news.delete(orgId);
      if (waiting !== null) this.changed(orgId, waiting);
    }, everyMs);
    timer.unref();
  }
}
