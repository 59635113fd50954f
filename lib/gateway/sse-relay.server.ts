import "server-only";
import { answerBytesMax, eventsMax } from "./deadlines";
import type { BrokenEnd } from "./outcome";
import type { Redact } from "@/lib/http/redact";
import { keepAlive, SseSplitter, withData, type SseEvent } from "@/lib/http/sse-parse";
import { brokenBy, type UpstreamAnswer } from "./upstream-answer.server";

/** How a relayed stream ended: the upstream closed it, it broke, or nobody reads it any more. */
export type StreamEnd = { kind: "closed" } | { kind: "left" } | BrokenEnd;

export interface StreamRules {
  /** The bytes to pass on for an event; null drops it, an end stops the stream. */
  onEvent: (event: SseEvent) => Uint8Array | null | BrokenEnd;
  /** Called once. What it gives is the last thing that the client gets. */
  onEnd: (end: StreamEnd, stalled: boolean) => Uint8Array | null;
  /** Asked when the client goes away: true = read the upstream on, to learn how it ends. */
  readOn: () => boolean;
  /** Asked when the upstream closed its side: true = the client's stays open, for what this gateway says by itself. */
  outlives?: () => boolean;
  /** Milliseconds that the whole stream may take from now; null for listening streams. */
  totalMs: number | null;
  /** Milliseconds of silence after which the client gets a comment. */
  keepAliveMs: number;
}

/** What is relayed. */
export type StreamSource = Pick<UpstreamAnswer, "body" | "redact" | "stop">;

const queuedBytesMax = 65_536;

/**
 * Relays an event stream, each event as soon as it is complete. A client that reads slowly slows the upstream down; one that is
 * gone does not stop it where the rules want to learn the end.
 */
export class SseRelay {
  readonly readable: ReadableStream<Uint8Array>;
  readonly #answer: StreamSource;
  readonly #rules: StreamRules;
  readonly #splitter: SseSplitter;
  readonly #total: NodeJS.Timeout | null;
  readonly #beat: NodeJS.Timeout;
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #paused = false;
  #ended = false;
  #outliving = false;

  constructor(answer: StreamSource, rules: StreamRules) {
    this.#answer = answer;
    this.#rules = rules;
    const isEndless = rules.totalMs === null;
    this.#splitter = new SseSplitter({
      eventBytesMax: answerBytesMax,
      eventsMax: isEndless ? Infinity : eventsMax,
      streamBytesMax: isEndless ? Infinity : answerBytesMax,
    });
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.#resume();
        },
        cancel: () => {
          this.#leave();
        },
      },
      { highWaterMark: queuedBytesMax, size: (chunk) => chunk.byteLength },
    );
    this.#total = rules.totalMs === null ? null : setTimeout(() => this.#expire(), rules.totalMs);
    this.#beat = setTimeout(() => this.#keepAlive(), rules.keepAliveMs);
    this.#listen();
  }

  /** Puts a whole event of ours between the upstream's; dropped when the client has gone or reads nothing. */
  say(event: Uint8Array): void {
    if (this.#controller && (this.#controller.desiredSize ?? 0) > 0) this.#send(event);
  }

  /** Ends the client's side, as if it had gone. */
  close(): void {
    const controller = this.#controller;
    this.#controller = null;
    if (!controller) return;
    controller.close();
    this.#afterClient();
  }

  #listen(): void {
    const body = this.#answer.body;
    if (!body) {
      this.#break({ kind: "broken", code: "upstream_malformed" });
      return;
    }
    body.on("data", (chunk: Uint8Array) => {
      this.#take(chunk);
    });
    body.on("end", () => {
      this.#finish({ kind: "closed" });
    });
    body.on("error", (error) => {
      this.#finish(brokenBy(error));
    });
  }

  #take(chunk: Uint8Array): void {
    const events = this.#splitter.push(chunk);
    if (!events) {
      this.#break({ kind: "broken", code: "upstream_too_large" });
      return;
    }
    for (const event of events) {
      const out = this.#rules.onEvent(redactEvent(event, this.#answer.redact));
      if (out !== null && "kind" in out) {
        this.#break(out);
        return;
      }
      if (out) this.#send(out);
    }
    if (this.#controller && (this.#controller.desiredSize ?? 0) <= 0) {
      this.#paused = true;
      this.#answer.body?.pause();
    }
  }

  #send(bytes: Uint8Array): void {
    this.#beat.refresh();
    this.#controller?.enqueue(bytes);
  }

  #keepAlive(): void {
    this.#beat.refresh();
    if (this.#controller && (this.#controller.desiredSize ?? 0) > 0) this.#controller.enqueue(keepAlive);
  }

  #expire(): void {
    this.#break({ kind: "broken", code: "upstream_timeout" });
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#answer.body?.resume();
  }

  #leave(): void {
    this.#controller = null;
    this.#afterClient();
  }

  #afterClient(): void {
    if (this.#ended) return;
    if (!this.#outliving && this.#rules.readOn()) this.#resume();
    else this.#break({ kind: "left" });
  }

  #break(end: StreamEnd): void {
    this.#answer.stop(end.kind === "broken" ? end.code : undefined);
    this.#finish(end);
  }

  #finish(end: StreamEnd): void {
    if (this.#ended || (this.#outliving && end.kind === "closed")) return;
    if (end.kind === "closed" && this.#controller && this.#rules.outlives?.()) {
      this.#outliving = true;
      return;
    }
    this.#ended = true;
    if (this.#total) clearTimeout(this.#total);
    clearTimeout(this.#beat);
    const last = this.#rules.onEnd(end, this.#paused);
    const controller = this.#controller;
    this.#controller = null;
    if (!controller) return;
    if (last) controller.enqueue(last);
    controller.close();
  }
}

/** The event without secrets in any of its fields; the same event when it holds none. */
function redactEvent(event: SseEvent, redact: Redact): SseEvent {
  const raw = redact(event.raw);
  if (raw === event.raw) return event;
  if (!event.data) return { ...event, raw };
  const data = redact(event.data);
  return { ...event, data, raw: redact(withData(event, data)) };
}
