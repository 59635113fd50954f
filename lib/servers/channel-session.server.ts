import "server-only";
import { Readable } from "node:stream";
import { messageEvent } from "@/lib/http/sse-parse";
import { answerOf, errorAnswer, wholeAnswer, type ChannelAnswer, type ChannelRequest } from "./channel-answer.server";
import { readChannelMessage, splice, textOf, type ChannelMessage } from "./channel-message";
import { brokenLink, type Link } from "./channel-link.server";
import { Reply } from "./channel-reply.server";

/** Messages that wait for a listening stream; the oldest give way. */
const queuedMax = 256;
const queuedBytesMax = 1024 * 1024;
const listenBytesAim = 65_536;

/** The revision in which streamable HTTP appeared, whose messages are those of 2024-11-05 and a few more. */
const oldestStreamable = "2025-03-26";

interface Pending {
  readonly reply: Reply;
  readonly method: string;
  readonly progressKey: string | null;
  isCancelled: boolean;
}

/**
 * One client's conversation with an upstream that has a single line for everything, presented as a session of streamable HTTP:
 * each message of the upstream goes to the request that it belongs to, once. Progress is known by its token; what else comes up
 * during requests goes to the oldest of them; the rest to the listening stream.
 */
export class ChannelSession {
  readonly id: string;
  readonly #link: Link;
  readonly #onOver: () => void;
  readonly #pending = new Map<string, Pending>();
  readonly #stalled = new Set<Reply>();
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #listening: Readable | null = null;
  #isListenerReady = false;
  #isOver = false;
  #quietSinceMs = performance.now();

  /** `onOver` is called once, when the session can take no more messages. */
  constructor(id: string, link: Link, onOver: () => void) {
    this.id = id;
    this.#link = link;
    this.#onOver = onOver;
  }

  /** Milliseconds without a request under way and without a listener; 0 while there is one. */
  quietMs(nowMs: number): number {
    return this.#pending.size > 0 || this.#listening ? 0 : nowMs - this.#quietSinceMs;
  }

  /** Sends one message and answers it: a request by what it gets back, everything else by 202. */
  async post(bytes: Uint8Array, request: ChannelRequest): Promise<ChannelAnswer> {
    this.#quietSinceMs = performance.now();
    const message = readChannelMessage(bytes);
    if (!message) return errorAnswer(400, "null", -32700, "Parse error");
    if (message.kind === "request") return this.#ask(bytes, message, request);
    if (message.cancelledId) this.#cancel(message.cancelledId.key);
    const refused = await this.#link.send(bytes, request);
    if (refused) this.#heed(refused);
    return refused ?? wholeAnswer(202, "");
  }

  /** Opens the stream of what belongs to no request; an earlier one ends. */
  listen(request: ChannelRequest): ChannelAnswer {
    this.#listening?.push(null);
    const body = new Readable({
      highWaterMark: listenBytesAim,
      read: () => {
        this.#isListenerReady = true;
        this.#flush();
      },
      destroy: (error, done) => {
        if (this.#listening === body) this.#listening = null;
        this.#quietSinceMs = performance.now();
        request.signal?.removeEventListener("abort", leave);
        done(error);
      },
    });
    const leave = () => void body.on("error", () => undefined).destroy();
    request.signal?.addEventListener("abort", leave, { once: true });
    this.#listening = body;
    this.#isListenerReady = true;
    this.#flush();
    return answerOf(200, { "content-type": "text/event-stream" }, body);
  }

  /** A message of the upstream. */
  receive(bytes: Uint8Array): void {
    const message = readChannelMessage(bytes);
    if (!message) return;
    if (message.kind === "answer") this.#answer(bytes, message);
    else this.#deliver(bytes, this.#ownerOf(message));
  }

  /** Ends the session: answers that are still open break like those of a reset connection, and the link is closed. */
  async close(error: Error = brokenLink("The session ended")): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
    for (const { reply } of [...this.#pending.values()]) reply.fail(error);
    this.#listening?.push(null);
    await this.#link.close();
  }

  #ask(bytes: Uint8Array, message: ChannelMessage, request: ChannelRequest): Promise<ChannelAnswer> {
    const key = message.id?.key ?? "";
    const idText = message.id ? textOf(bytes, message.id) : "null";
    if (this.#pending.has(key)) {
      return Promise.resolve(errorAnswer(400, idText, -32600, "This id is already in use"));
    }
    const isOpening = message.method === "initialize";
    const reply = new Reply({
      request,
      headers: isOpening ? { "mcp-session-id": this.id } : {},
      onStall: (isStalled) => this.#hold(reply, isStalled),
      onClose: () => {
        this.#pending.delete(key);
        this.#quietSinceMs = performance.now();
      },
    });
    const progressKey = message.progressToken?.key ?? null;
    this.#pending.set(key, { reply, method: message.method ?? "", progressKey, isCancelled: false });
    this.#link.send(bytes, request).then(
      (refused) => {
        if (!refused) return;
        reply.give(refused);
        this.#heed(refused);
      },
      (error: unknown) => {
        reply.fail(error instanceof Error ? error : brokenLink("The message was not sent", error));
      },
    );
    return reply.opened;
  }

  /** An upstream that no longer knows its side of the session has ended it. */
  #heed(refused: ChannelAnswer): void {
    if (refused.status === 404) void this.close();
  }

  #answer(bytes: Uint8Array, message: ChannelMessage): void {
    const pending = message.id ? this.#pending.get(message.id.key) : undefined;
    if (!pending) return;
    const isOpening = pending.method === "initialize";
    pending.reply.finish(isOpening ? asStreamable(bytes, message) : bytes, 200);
    // No session came to be, so there is nothing that the id could name.
    if (isOpening && message.errorCode !== null) void this.close();
  }

  /** The request that a message of the upstream came up in; null = none. */
  #ownerOf(message: ChannelMessage): Reply | null {
    const open = [...this.#pending.values()].filter(({ reply }) => reply.acceptsStream);
    if (message.method === "notifications/progress") {
      const { progressToken } = message;
      return open.find(({ progressKey }) => progressKey !== null && progressKey === progressToken?.key)?.reply ?? null;
    }
    if (isOfSession(message.method ?? "")) return null;
    return open.find(({ isCancelled }) => !isCancelled)?.reply ?? null;
  }

  #deliver(bytes: Uint8Array, reply: Reply | null): void {
    if (reply) reply.push(bytes);
    else this.#enqueue(messageEvent(bytes));
  }

  #enqueue(event: Uint8Array): void {
    this.#queue.push(event);
    this.#queuedBytes += event.length;
    while (this.#queue.length > queuedMax || (this.#queuedBytes > queuedBytesMax && this.#queue.length > 1)) {
      this.#queuedBytes -= this.#queue.shift()?.length ?? 0;
    }
    this.#flush();
  }

  #flush(): void {
    while (this.#listening && this.#isListenerReady && this.#queue.length > 0) {
      const event = this.#queue.shift();
      if (!event) return;
      this.#queuedBytes -= event.length;
      this.#isListenerReady = this.#listening.push(event);
    }
  }

  #cancel(key: string): void {
    const pending = this.#pending.get(key);
    if (pending) pending.isCancelled = true;
  }

  #hold(reply: Reply, isStalled: boolean): void {
    const wasHeld = this.#stalled.size > 0;
    if (isStalled) this.#stalled.add(reply);
    else this.#stalled.delete(reply);
    const isHeld = this.#stalled.size > 0;
    if (isHeld !== wasHeld) this.#link.hold(isHeld);
  }
}

/** Notifications about the session's state, which no single request owns. */
function isOfSession(method: string): boolean {
  return /^notifications\/(.+\/list_changed|resources\/updated|tasks\/status|elicitation\/complete)$/.test(method);
}

function asStreamable(bytes: Uint8Array, { protocolVersion }: ChannelMessage): Uint8Array {
  if (protocolVersion?.key !== `"2024-11-05`) return bytes;
  return splice(bytes, [{ ...protocolVersion, text: JSON.stringify(oldestStreamable) }]);
}
