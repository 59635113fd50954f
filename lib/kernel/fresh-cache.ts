interface Entry<V> {
  value: V;
  checkedAtMs: number;
}

export interface FreshCacheOptions<V> {
  /** Entries kept; the one checked longest ago goes first. */
  max: number;
  /** Age after which the next use asks again before it answers. */
  maxAgeMs: number;
  /** Monotonic milliseconds. */
  clock: () => number;
  load: (key: string) => Promise<V | null>;
  /** A cheap question whether `value` still holds; without it an aged entry is loaded again. */
  isCurrent?: (key: string, value: V) => Promise<boolean>;
}

/**
 * A bounded cache whose answers are never older than `maxAgeMs` without a successful check. A failing load or check rejects,
 * so a lost store never turns into a stale answer. What is not found is not kept. One load per key runs at a time; a drop
 * also disowns the load that was running, because that one may have read the old state.
 */
export class FreshCache<V> {
  readonly #options: FreshCacheOptions<V>;
  readonly #entries = new Map<string, Entry<V>>();
  readonly #running = new Map<string, Promise<V | null>>();

  constructor(options: FreshCacheOptions<V>) {
    this.#options = options;
  }

  async find(key: string): Promise<V | null> {
    const entry = this.#entries.get(key);
    if (entry && this.#options.clock() - entry.checkedAtMs < this.#options.maxAgeMs) return entry.value;
    return this.#running.get(key) ?? this.#start(key, entry);
  }

  drop(key: string): void {
    this.#entries.delete(key);
    this.#running.delete(key);
  }

  /** Drops the entries that match, and disowns every running load, whose value is not known yet. */
  dropWhere(matches: (value: V) => boolean): void {
    for (const [key, entry] of this.#entries) if (matches(entry.value)) this.#entries.delete(key);
    this.#running.clear();
  }

  clear(): void {
    this.#entries.clear();
    this.#running.clear();
  }

  #start(key: string, entry: Entry<V> | undefined): Promise<V | null> {
    const startedAtMs = this.#options.clock();
    const work = this.#read(key, entry).then(
      (value) => {
        if (this.#running.get(key) === work) this.#keep(key, value, startedAtMs);
        return value;
      },
      (error: unknown) => {
        if (this.#running.get(key) === work) this.drop(key);
        throw error;
      },
    );
    this.#running.set(key, work);
    return work;
  }

  async #read(key: string, entry: Entry<V> | undefined): Promise<V | null> {
    const { isCurrent, load } = this.#options;
    if (entry && isCurrent && (await isCurrent(key, entry.value))) return entry.value;
    return load(key);
  }

  #keep(key: string, value: V | null, checkedAtMs: number): void {
    this.drop(key);
    if (value === null) return;
    this.#entries.set(key, { value, checkedAtMs });
    if (this.#entries.size <= this.#options.max) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }
}
