import "server-only";
import { idOfEvent, SseSplitter, withData, withEventId, type SseEvent } from "@/lib/http/sse-parse";
import { ignore } from "./bundle-answer.server";
import { answerEventId } from "./bundle-events";
import { toOutside } from "./bundle-ids";
import { answerBytesMax } from "./deadlines";

/** The relay behind each stream has counted already. */
const limits = { eventBytesMax: answerBytesMax * 2, eventsMax: Infinity, streamBytesMax: Infinity };
const queuedBytesMax = 65_536;
const strategy = { highWaterMark: queuedBytesMax, size: (chunk: Uint8Array) => chunk.byteLength };

/** The bytes to pass on for an event; null drops it. */
export type OnEvent = (event: SseEvent) => Uint8Array | null;

/** An event of a server's stream as the bundle's client gets it: ids of that server's requests name it. */
export function eventToOutside(event: SseEvent, prefix: string): SseEvent {
  if (!event.data || event.data.length === 0) return event;
  const data = toOutside(event.data, prefix);
  return data === event.data ? event : { ...event, data, raw: withData(event, data) };
}

/** The stream that answers one request to one server. */
export function passStream(stream: ReadableStream<Uint8Array>, prefix: string): ReadableStream<Uint8Array> {
  return mergeStreams({
    sources: [
      Promise.resolve({
        stream,
        onEvent: (event) => {
          const outside = eventToOutside(event, prefix);
          const id = idOfEvent(event);
          return id ? withEventId(outside, answerEventId(prefix, id)).raw : outside.raw;
        },
      }),
    ],
  });
}

export interface Source {
  stream: ReadableStream<Uint8Array>;
  onEvent: OnEvent;
}

export interface Merge {
  /** Each may come later, or not at all. */
  sources: readonly Promise<Source | null>[];
  /** Called once, with what writes to the client until the stream ends. */
  onStart?: (emit: (bytes: Uint8Array) => void) => void;
  /** Called once, when every source has ended. What it gives is the last thing that the client gets. */
  onEnd?: () => Uint8Array | null;
  /** Called once, whoever ended the stream. */
  onClose?: () => void;
}

/** Several event streams as one, event by event. A client that reads slowly slows all of them; one that leaves ends all of them. */
export function mergeStreams(merge: Merge): ReadableStream<Uint8Array> {
  const readers = new Set<ReadableStreamDefaultReader<Uint8Array>>();
  let isOpen = true;
  let wake: (() => void)[] = [];
  const close = () => {
    isOpen = false;
    merge.onClose?.();
    for (const reader of readers) reader.cancel().catch(ignore);
  };
  const pump = async (controller: ReadableStreamDefaultController<Uint8Array>, from: Promise<Source | null>) => {
    const source = await from.catch(() => null);
    if (!source) return;
    const reader = source.stream.getReader();
    if (!isOpen) return void reader.cancel().catch(ignore);
    readers.add(reader);
    const splitter = new SseSplitter(limits);
    for (;;) {
      const { done, value } = await reader.read();
      if (done || !isOpen) break;
      for (const event of splitter.push(value) ?? []) {
        const out = source.onEvent(event);
        if (out) controller.enqueue(out);
      }
      if ((controller.desiredSize ?? 0) <= 0) await new Promise<void>((resolve) => wake.push(resolve));
    }
    readers.delete(reader);
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        merge.onStart?.((bytes) => {
          if (isOpen) controller.enqueue(bytes);
        });
        void Promise.allSettled(merge.sources.map((source) => pump(controller, source))).then(() => {
          if (!isOpen) return;
          const last = merge.onEnd?.();
          if (last) controller.enqueue(last);
          controller.close();
          close();
        });
      },
      pull() {
        const waiting = wake;
        wake = [];
        for (const resolve of waiting) resolve();
      },
      cancel() {
        close();
        for (const resolve of wake) resolve();
      },
    },
    strategy,
  );
}
