import "server-only";
import { onChange, onReconnect, type Change } from "@/lib/db/db.server";
import { requireSession, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { singleton } from "@/lib/kernel/singleton";
import { eventText, topics, type Topic } from "./topics";

const streamsPerUserMax = 6;
const streamsMax = 500;
const heartbeatMs = 15_000;
/** Calls are merged to at most four events a second and stream. */
const callsEveryMs = 250;
/** A reader this far behind is dropped; it re-reads its page when it connects again. */
const queuedEventsMax = 64;

interface Hub {
  streams: Set<EventStream>;
  wired: boolean;
}

const hub = singleton<Hub>("event-streams", () => ({ streams: new Set(), wired: false }));

/**
 * A server-sent event stream of the organisation's changes for the console: topic and id only, never data.
 * Heartbeat every 15 s; `reset` tells the page to read everything again after the database connection was lost.
 * Throws `too_many_requests` above six streams per person, `forbidden` for an API token, whose end no stream would notice.
 * Ends when the person's session or membership changes.
 */
export function openEventStream(ctx: Ctx, wanted: readonly Topic[]): ReadableStream<Uint8Array> {
  requireSession(ctx);
  wire();
  const owner = ctx.actor.kind === "user" ? ctx.actor.userId : "system";
  const own = [...hub.streams].filter((stream) => stream.owner === owner).length;
  if (own >= streamsPerUserMax || hub.streams.size >= streamsMax) {
    throw new AppError("too_many_requests", { detail: "event streams", retryAfterMs: 5000 });
  }
  const stream = new EventStream(ctx.orgId, owner, new Set(wanted));
  return stream.readable;
}

/** Ends every event stream; used on stop, before connections are drained. */
export function closeEventStreams(): void {
  for (const stream of hub.streams) stream.close();
}

function wire(): void {
  if (hub.wired) return;
  hub.wired = true;
  onChange((change) => {
    for (const stream of hub.streams) stream.take(change);
  });
  onReconnect(() => {
    for (const stream of hub.streams) stream.reset();
  });
}

class EventStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly owner: string;
  readonly #orgId: string;
  readonly #wanted: ReadonlySet<string>;
  readonly #text = new TextEncoder();
  readonly #heartbeat: NodeJS.Timeout;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #callsTimer: NodeJS.Timeout | null = null;
  #next = 1;

  constructor(orgId: string, owner: string, wanted: ReadonlySet<string>) {
    this.#orgId = orgId;
    this.owner = owner;
    this.#wanted = wanted;
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
          controller.enqueue(this.#text.encode("retry: 2000\n: connected\n\n"));
        },
        cancel: () => {
          this.#end();
        },
      },
      { highWaterMark: queuedEventsMax },
    );
    this.#heartbeat = setInterval(() => {
      this.#send(": heartbeat\n\n");
    }, heartbeatMs);
    this.#heartbeat.unref();
    hub.streams.add(this);
  }

  take(change: Change): void {
    if (change.orgId !== this.#orgId) return;
    if ((change.topic === "members" || change.topic === "sessions") && change.id === this.owner) {
      this.close();
      return;
    }
    if (!isTopic(change.topic) || !this.#wanted.has(change.topic)) return;
    if (change.topic === "calls") this.#takeCall(change.id);
    else this.#send(eventText(this.#next++, change.topic, change.id));
  }

  reset(): void {
    this.#send(eventText(this.#next++, "reset", ""));
  }

  close(): void {
    const controller = this.#controller;
    this.#end();
    controller?.close();
  }

  #takeCall(id: string): void {
    if (this.#callsTimer) return;
    this.#callsTimer = setTimeout(() => {
      this.#callsTimer = null;
      this.#send(eventText(this.#next++, "calls", id));
    }, callsEveryMs);
    this.#callsTimer.unref();
  }

  #send(text: string): void {
    if (!this.#controller) return;
    if ((this.#controller.desiredSize ?? 0) <= 0) {
      this.close();
      return;
    }
    this.#controller.enqueue(this.#text.encode(text));
  }

  #end(): void {
    this.#controller = null;
    clearInterval(this.#heartbeat);
    if (this.#callsTimer) clearTimeout(this.#callsTimer);
    hub.streams.delete(this);
  }
}

function isTopic(text: string): text is Topic {
  return (topics as readonly string[]).includes(text);
}
