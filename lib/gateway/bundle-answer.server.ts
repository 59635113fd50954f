import "server-only";
import { readRpcMessage, type RpcId, type RpcMessage } from "@/lib/http/rpc-message";
import { SseSplitter, type SseEvent } from "@/lib/http/sse-parse";
import type { Answer } from "./answer";
import { answerBytesMax, eventsMax } from "./deadlines";

/** A server's answer to one request, read to its end. */
export interface Collected {
  bytes: Uint8Array;
  message: RpcMessage;
}

const limits = { eventBytesMax: answerBytesMax, eventsMax, streamBytesMax: Infinity };
const encoder = new TextEncoder();

/** How long one server of a bundle may keep the others waiting, milliseconds. */
export const waitMsMax = 10_000;

/** How many servers of a bundle are asked at once. */
const atOnceMax = 8;

/** `work` for every item, a few at a time, results in the items' order. */
export async function forEach<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Map<number, R>();
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) results.set(index, await work(item));
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnceMax, items.length) }, worker));
  return items.flatMap((_, index) => (results.has(index) ? [results.get(index) as R] : []));
}

/** What `work` gives, or null when it takes longer. What comes later goes to `late`. */
export async function within<T>(work: Promise<T>, ms: number, late: (value: T) => void): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const timeout = new Promise<null>((resolve) => {
    timer = setTimeout(() => {
      isLate = true;
      resolve(null);
    }, ms);
  });
  void work.then((value) => {
    if (isLate) late(value);
  }, ignore);
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends what an answer still has to say. */
export function drop(answer: Answer): void {
  if (answer.body instanceof ReadableStream) answer.body.cancel().catch(ignore);
}

/**
 * The one JSON-RPC answer to `id` in an answer to a POST, whichever of the two forms it has; null when there is none. What a stream
 * says beside it is not passed on.
 */
export async function collectAnswer(answer: Answer, id: RpcId): Promise<Collected | null> {
  if (!(answer.body instanceof ReadableStream)) return toCollected(bytesOf(answer), id);
  const splitter = new SseSplitter(limits);
  const reader = answer.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return null;
      for (const event of splitter.push(value) ?? []) {
        const found = event.data && toCollected(event.data, id);
        if (found) return found;
      }
    }
  } catch {
    return null;
  } finally {
    reader.cancel().catch(ignore);
  }
}

function toCollected(bytes: Uint8Array | null, id: RpcId): Collected | null {
  if (!bytes) return null;
  const message = readRpcMessage(bytes);
  return message?.kind === "answer" && message.id === id ? { bytes, message } : null;
}

/** The bytes of an answer that is no stream; null when it has none. */
export function bytesOf(answer: Answer): Uint8Array | null {
  if (typeof answer.body === "string") return encoder.encode(answer.body);
  return answer.body instanceof Uint8Array ? answer.body : null;
}

/** How an answer begins: its first JSON-RPC message, and the answer with nothing of it lost. */
export interface Begun {
  first: RpcMessage | null;
  answer: Answer;
}

/** Reads an answer as far as its first message, which says whether the server that was asked is the right one. */
export async function beginOf(answer: Answer): Promise<Begun> {
  if (!(answer.body instanceof ReadableStream)) {
    const bytes = bytesOf(answer);
    return { first: bytes && readRpcMessage(bytes), answer };
  }
  const reader = answer.body.getReader();
  const splitter = new SseSplitter(limits);
  const read: Uint8Array[] = [];
  let first: RpcMessage | null = null;
  while (!first) {
    const { done, value } = await reader.read();
    if (done) break;
    read.push(value);
    first = firstOf(splitter.push(value) ?? []);
  }
  return { first, answer: { ...answer, body: resumed(read, reader) } };
}

function firstOf(events: readonly SseEvent[]): RpcMessage | null {
  for (const event of events) {
    const message = event.data && readRpcMessage(event.data);
    if (message) return message;
  }
  return null;
}

function resumed(
  read: readonly Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of read) controller.enqueue(chunk);
    },
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

export function ignore(): void {
  return;
}
