import "server-only";
import { Readable } from "node:stream";
import { errors } from "undici";
import { messageEvent } from "@/lib/http/sse-parse";
import { AppError } from "@/lib/kernel/errors";
import { answerOf, wholeAnswer, type ChannelAnswer, type ChannelRequest } from "./channel-answer.server";

/** Bytes that may wait for the reader of one answer before the answer is given up. */
const unreadBytesMax = 10 * 1024 * 1024;
const unreadBytesAim = 65_536;

export interface ReplyOptions {
  readonly request: ChannelRequest;
  /** Lines of the answer's head beside its type. */
  readonly headers: Record<string, string>;
  /** The reader fell behind (true) or reads again (false). */
  readonly onStall: (isStalled: boolean) => void;
  /** No message is wanted any more; `isDone` when the answer was complete. */
  readonly onClose: (isDone: boolean) => void;
}

/**
 * The HTTP answer to one request, made of the messages that belong to it. What comes first decides its form: the answer itself
 * makes a JSON body, anything else an event stream that the answer ends.
 */
export class Reply {
  /** Settles with the head of the answer. */
  readonly opened: Promise<ChannelAnswer>;
  readonly acceptsStream: boolean;
  readonly #options: ReplyOptions;
  readonly #timer: NodeJS.Timeout;
  #settle: { resolve: (answer: ChannelAnswer) => void; reject: (error: Error) => void } | null = null;
  #body: Readable | null = null;
  #idle: NodeJS.Timeout | null = null;
  #isStalled = false;
  #isClosed = false;

  constructor(options: ReplyOptions) {
    this.#options = options;
    const { signal, deadlines, headers } = options.request;
    this.acceptsStream = (headers["accept"] ?? "text/event-stream").includes("text/event-stream");
    this.opened = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#timer = setTimeout(() => {
      this.fail(new errors.HeadersTimeoutError("no message in time"));
    }, deadlines.firstByteMs);
    if (signal?.aborted) this.#abort();
    else signal?.addEventListener("abort", this.#abort, { once: true });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Another HTTP answer instead of messages: what the upstream said to the request as such. */
  give(answer: ChannelAnswer): void {
    if (!this.#settle) {
      answer.discard();
      return;
    }
    this.#settle.resolve(answer);
    this.#settle = null;
    this.#close(true);
  }

  /** A message of the upstream that came up during the request. */
  push(message: Uint8Array): void {
    if (this.#isClosed) return;
    const body = this.#body ?? this.#openStream();
    if (body.readableLength > unreadBytesMax) {
      this.fail(new AppError("upstream_too_large", { detail: "nobody reads the answer" }));
      return;
    }
    this.#idle?.refresh();
    if (!body.push(messageEvent(message))) this.#stall(true);
  }

  /** The answer. `status` is for the JSON form; an event stream has its own already. */
  finish(message: Uint8Array, status: number): void {
    if (this.#isClosed) return;
    if (!this.#body) {
      this.give(wholeAnswer(status, message, { ...this.#options.headers, "content-type": "application/json" }));
      return;
    }
    const body = this.#body;
    this.push(message);
    if (this.#isClosed) return;
    this.#close(true);
    body.push(null);
  }

  /** Breaks the answer off: before its head the promise rejects, afterwards the body ends with the error. */
  fail(error: Error): void {
    if (this.#isClosed) return;
    const settle = this.#settle;
    this.#settle = null;
    settle?.reject(error);
    this.#close(false);
    // The reader may have thrown the body away without listening for errors.
    this.#body?.on("error", () => undefined).destroy(error);
  }

  readonly #abort = (): void => {
    this.fail(new DOMException("The request was given up", "AbortError"));
  };

  #openStream(): Readable {
    const body = new Readable({
      highWaterMark: unreadBytesAim,
      read: () => {
        this.#stall(false);
      },
      destroy: (error, done) => {
        this.#close(false);
        done(error);
      },
    });
    this.#body = body;
    clearTimeout(this.#timer);
    const { idleMs } = this.#options.request.deadlines;
    if (idleMs > 0) this.#idle = setTimeout(() => this.#expire(), idleMs);
    this.#settle?.resolve(answerOf(200, { ...this.#options.headers, "content-type": "text/event-stream" }, body));
    this.#settle = null;
    return body;
  }

  #expire(): void {
    // A reader that is behind is not the upstream's silence.
    if (this.#isStalled) this.#idle?.refresh();
    else this.fail(new errors.BodyTimeoutError("no message in time"));
  }

  #stall(isStalled: boolean): void {
    if (this.#isStalled === isStalled) return;
    this.#isStalled = isStalled;
    this.#options.onStall(isStalled);
  }

  #close(isDone: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    if (this.#idle) clearTimeout(this.#idle);
    this.#options.request.signal?.removeEventListener("abort", this.#abort);
    if (this.#isStalled) this.#stall(false);
    this.#options.onClose(isDone);
  }
}
