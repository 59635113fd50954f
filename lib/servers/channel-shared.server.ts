import "server-only";
import { errorAnswer, wholeAnswer, type ChannelAnswer, type ChannelRequest } from "./channel-answer.server";
import { brokenLink, type Link } from "./channel-link.server";
import { readChannelMessage, splice, textOf, type ChannelMessage, type Edit, type Mark } from "./channel-message";
import { Reply } from "./channel-reply.server";

interface Pending {
  readonly reply: Reply;
  /** The client's own values, as JSON texts. */
  readonly idText: string;
  readonly progressText: string | null;
}

/** Codes that a streamable-HTTP server answers with a status of its own (MCP 2026-07-28, "Streamable HTTP"). */
const statusOfCode: ReadonlyMap<number, number> = new Map([
  [-32601, 404],
  [-32700, 400],
  [-32600, 400],
  [-32020, 400],
  [-32021, 400],
  [-32022, 400],
]);

/**
 * One line that the sessionless requests (2026-07-28) of all clients share. Each goes out under an id and a progress token of our
 * own and comes back under the client's, so that equal ids of two clients never meet; a message that cannot be told to belong to
 * one request belongs to nobody and is dropped.
 */
export class SharedChannel {
  readonly #link: Link;
  readonly #onOver: () => void;
  readonly #pending = new Map<string, Pending>();
  #lastNumber = 0;
  #isOver = false;
  #quietSinceMs = performance.now();

  constructor(link: Link, onOver: () => void) {
    this.#link = link;
    this.#onOver = onOver;
  }

  /** Milliseconds without a request under way; 0 while there is one. */
  quietMs(nowMs: number): number {
    return this.#pending.size > 0 ? 0 : nowMs - this.#quietSinceMs;
  }

  /** Sends one request and answers it. Notifications have nobody to mean here and end with 202. */
  post(bytes: Uint8Array, request: ChannelRequest): Promise<ChannelAnswer> {
    this.#quietSinceMs = performance.now();
    const message = readChannelMessage(bytes);
    if (!message) return Promise.resolve(errorAnswer(400, "null", -32700, "Parse error"));
    if (message.kind !== "request" || !message.id) return Promise.resolve(wholeAnswer(202, ""));
    this.#lastNumber += 1;
    const number = String(this.#lastNumber);
    const { id, progressToken } = message;
    const reply = new Reply({
      request,
      headers: {},
      // One client's slow reading must not hold the others' line; what is unread is bounded instead.
      onStall: () => undefined,
      onClose: (isDone) => {
        this.#pending.delete(number);
        this.#quietSinceMs = performance.now();
        // The stream's end is this era's cancellation, which a line of messages says in words.
        if (!isDone && !this.#isOver) this.#cancel(number);
      },
    });
    const progressText = progressToken && textOf(bytes, progressToken);
    this.#pending.set(number, { reply, idText: textOf(bytes, id), progressText });
    if (reply.isClosed) this.#pending.delete(number);
    else this.#send(splice(bytes, [at(id, number), ...(progressToken ? [at(progressToken, number)] : [])]), reply);
    return reply.opened;
  }

  /** A message of the upstream. */
  receive(bytes: Uint8Array): void {
    const message = readChannelMessage(bytes);
    const mark = message && markOf(message);
    const pending = mark && this.#pending.get(mark.key);
    if (!pending) return;
    const restored = splice(bytes, editsOf(message, pending));
    if (message.kind !== "answer") pending.reply.push(restored);
    else pending.reply.finish(restored, statusOfCode.get(message.errorCode ?? 0) ?? 200);
  }

  /** Breaks what is open, and closes the line. */
  async close(error: Error = brokenLink("The process was stopped")): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
    for (const { reply } of [...this.#pending.values()]) reply.fail(error);
    await this.#link.close();
  }

  #send(bytes: Uint8Array, reply: Reply): void {
    this.#link.send(bytes, unused).catch((error: unknown) => {
      reply.fail(error instanceof Error ? error : brokenLink("The message was not sent", error));
    });
  }

  #cancel(number: string): void {
    const text = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${number}}}`;
    this.#link.send(new TextEncoder().encode(text), unused).catch(() => undefined);
  }
}

/** A process takes messages only; the request's head means nothing to it. */
const unused: ChannelRequest = {
  method: "POST",
  headers: {},
  body: null,
  deadlines: { connectMs: 0, firstByteMs: 0, idleMs: 0 },
};

/** What says whose message it is: an answer's id, a progress token, a subscription. The upstream's own requests belong to nobody. */
function markOf(message: ChannelMessage): Mark | null {
  if (message.kind === "answer") return message.id;
  if (message.kind === "request") return null;
  return message.method === "notifications/progress" ? message.progressToken : message.subscriptionId;
}

function editsOf(message: ChannelMessage, { idText, progressText }: Pending): Edit[] {
  const edits: Edit[] = [];
  if (message.kind === "answer" && message.id) edits.push(at(message.id, idText));
  if (message.kind === "notification" && message.progressToken && progressText !== null) {
    edits.push(at(message.progressToken, progressText));
  }
  if (message.subscriptionId) edits.push(at(message.subscriptionId, idText));
  return edits;
}

function at({ start, end }: Mark, text: string): Edit {
  return { start, end, text };
}
