export type LiveState = { kind: "connecting" | "live" } | { kind: "reconnecting" | "stale"; sinceMs: number };

export interface LiveEvent {
  /** A topic of the stream, or `reset`: read everything visible again. */
  topic: string;
  id: string;
}

type Message = { kind: "event"; event: LiveEvent } | { kind: "state"; state: LiveState } | { kind: "hello" };
type EventListener = (event: LiveEvent) => void;

const topics = ["calls", "policies", "grants", "servers", "bundles"];
const reconnectingAfterMs = 3_000;
const staleAfterMs = 30_000;
const pollEveryMs = 15_000;
const reopenAfterMs = 5_000;

/**
 * The browser's one event stream. Tabs elect a leader by a Web Lock; the leader holds the connection and passes events
 * and state on over a BroadcastChannel, because HTTP/1.1 browsers allow six connections per host.
 * Without Web Locks (plain http on another host) each tab has its own stream.
 */
export class LiveStream {
  #state: LiveState = { kind: "connecting" };
  #source: EventSource | null = null;
  #lostAtMs: number | null = null;
  #timers: ReturnType<typeof setTimeout>[] = [];
  #poll: ReturnType<typeof setInterval> | null = null;
  readonly #watchers = new Set<() => void>();
  readonly #listeners = new Set<EventListener>();
  #channel: BroadcastChannel | null = null;
  #release: (() => void) | null = null;
  #ended = false;

  get state(): LiveState {
    return this.#state;
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Joins the tabs of this browser; the returned function leaves them. */
  start(): () => void {
    this.#ended = false;
    const stop = new AbortController();
    this.#channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("policylayer.live");
    this.#channel?.addEventListener("message", (message: MessageEvent<Message>) => {
      this.#hear(message.data);
    });
    this.#say({ kind: "hello" });
    const locks = typeof navigator === "undefined" ? undefined : (navigator as { locks?: LockManager }).locks;
    if (locks) {
      locks
        .request("policylayer.live", { signal: stop.signal }, () => {
          this.#open();
          return new Promise<void>((resolve) => (this.#release = resolve));
        })
        .catch(() => undefined);
    } else this.#open();
    return () => {
      stop.abort();
      this.#end();
    };
  }

  #hear(message: Message): void {
    if (message.kind === "hello") {
      if (this.#source) this.#say({ kind: "state", state: this.#state });
    } else if (message.kind === "event") this.#emit(message.event);
    else if (!this.#source) this.#show(message.state);
  }

  #say(message: Message): void {
    this.#channel?.postMessage(message);
  }

  #open(): void {
    if (this.#ended) return;
    const source = new EventSource(`/api/events?topics=${topics.join(",")}`);
    this.#source = source;
    source.addEventListener("open", () => {
      this.#connected();
    });
    source.addEventListener("error", () => {
      this.#lost();
      if (source.readyState !== EventSource.CLOSED || this.#source !== source) return;
      this.#timers.push(
        setTimeout(() => {
          if (this.#source === source) this.#open();
        }, reopenAfterMs),
      );
    });
    for (const topic of [...topics, "reset"]) {
      source.addEventListener(topic, (message: MessageEvent<string>) => {
        this.#pass({ topic, id: idOf(message.data) });
      });
    }
  }

  #connected(): void {
    const again = this.#lostAtMs !== null;
    this.#lostAtMs = null;
    this.#clearTimers();
    this.#publish({ kind: "live" });
    if (again) this.#pass({ topic: "reset", id: "" });
  }

  #lost(): void {
    if (this.#lostAtMs !== null) return;
    const sinceMs = Date.now();
    this.#lostAtMs = sinceMs;
    this.#timers.push(
      setTimeout(() => {
        this.#publish({ kind: "reconnecting", sinceMs });
      }, reconnectingAfterMs),
      setTimeout(() => {
        this.#publish({ kind: "stale", sinceMs });
        this.#poll = setInterval(() => {
          this.#pass({ topic: "reset", id: "" });
        }, pollEveryMs);
      }, staleAfterMs),
    );
  }

  #publish(state: LiveState): void {
    this.#show(state);
    this.#say({ kind: "state", state });
  }

  #show(state: LiveState): void {
    this.#state = state;
    for (const watcher of this.#watchers) watcher();
  }

  #pass(event: LiveEvent): void {
    this.#emit(event);
    this.#say({ kind: "event", event });
  }

  #emit(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
    if (this.#poll) clearInterval(this.#poll);
    this.#poll = null;
  }

  #end(): void {
    this.#ended = true;
    this.#clearTimers();
    this.#source?.close();
    this.#source = null;
    this.#channel?.close();
    this.#channel = null;
    this.#release?.();
    this.#release = null;
  }
}

function idOf(data: string): string {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null && "id" in value && typeof value.id === "string" ? value.id : "";
  } catch {
    return "";
  }
}
