import { joinBytes } from "./byte-join";

/** One event of a stream (WHATWG HTML, section 9.2), or a piece that belongs to none, such as comments. */
export interface SseEvent {
  /** All bytes of the event as they came, with the empty line that ends it. */
  raw: Uint8Array;
  /** The `data` lines joined by line feeds; null when there is none. */
  data: Uint8Array | null;
  /** True when a client dispatches it as `message`, the only type that carries JSON-RPC. */
  isMessage: boolean;
  /** True when it carries an `id`, so that a client can resume behind it (MCP 2025-11-25, "Resumability"). */
  hasId: boolean;
}

export interface SseLimits {
  eventBytesMax: number;
  eventsMax: number;
  streamBytesMax: number;
}

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;

/**
 * Cuts a byte stream into events. `push` gives the events that are complete after a chunk, or null once a limit is passed.
 * Whatever way it is chunked, the same stream gives the same events, and their `raw` bytes in a row are the stream.
 */
export class SseSplitter {
  readonly #limits: SseLimits;
  #parts: Uint8Array[] = [];
  #pendingBytes = 0;
  #lineIsEmpty = true;
  #afterReturn = false;
  #events = 0;
  #streamBytes = 0;

  constructor(limits: SseLimits) {
    this.#limits = limits;
  }

  push(chunk: Uint8Array): SseEvent[] | null {
    this.#streamBytes += chunk.length;
    if (this.#streamBytes > this.#limits.streamBytesMax) return null;
    const events: SseEvent[] = [];
    let from = 0;
    let at = 0;
    while (at < chunk.length) {
      const byte = chunk[at];
      at += 1;
      if (byte === LF && this.#afterReturn) {
        this.#afterReturn = false;
        // The second half of an ending that was already acted on; let it through when it stands alone.
        if (from === at - 1 && this.#parts.length === 0) {
          events.push({ raw: chunk.subarray(from, at), data: null, isMessage: false, hasId: false });
          from = at;
        }
        continue;
      }
      this.#afterReturn = byte === CR;
      if (byte !== LF && byte !== CR) this.#lineIsEmpty = false;
      else if (!this.#lineIsEmpty) this.#lineIsEmpty = true;
      else {
        if (byte === CR && chunk[at] === LF) {
          at += 1;
          this.#afterReturn = false;
        }
        this.#keep(chunk.subarray(from, at));
        from = at;
        if (!this.#close(events)) return null;
      }
    }
    this.#keep(chunk.subarray(from));
    return this.#pendingBytes > this.#limits.eventBytesMax ? null : events;
  }

  /** Bytes behind the last complete event: an upstream that ended in mid event. Clients drop them, and so do we. */
  get hasRest(): boolean {
    return this.#pendingBytes > 0;
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#parts.push(part);
    this.#pendingBytes += part.length;
  }

  #close(events: SseEvent[]): boolean {
    const raw = joinBytes(this.#parts, this.#pendingBytes);
    this.#parts = [];
    this.#pendingBytes = 0;
    const event = readEvent(raw);
    if (event.data) this.#events += 1;
    events.push(event);
    return raw.length <= this.#limits.eventBytesMax && this.#events <= this.#limits.eventsMax;
  }
}

/** An event with the same fields and other data; `data` is JSON, so its line breaks are white space between tokens. */
export function withData(event: SseEvent, data: Uint8Array): Uint8Array {
  const kept = linesOf(event.raw).filter((line) => line.length > 0 && fieldOf(line) !== "data");
  const parts: Uint8Array[] = [];
  for (const line of kept) parts.push(line, newLine);
  for (const line of linesOf(data)) parts.push(dataField, line, newLine);
  parts.push(newLine);
  return joinBytes(parts);
}

/** The value of an event's `id` line; null when it has none. */
export function idOfEvent(event: SseEvent): string | null {
  if (!event.hasId) return null;
  const line = linesOf(event.raw).findLast((one) => fieldOf(one) === "id");
  return line ? decoder.decode(valueOf(line)) : null;
}

/** An event with the same fields and another `id`. */
export function withEventId(event: SseEvent, id: string): SseEvent {
  const kept = linesOf(event.raw).filter((line) => line.length > 0 && fieldOf(line) !== "id");
  const parts: Uint8Array[] = [encoder.encode(`id: ${id}\n`)];
  for (const line of kept) parts.push(line, newLine);
  parts.push(newLine);
  return { ...event, raw: joinBytes(parts), hasId: true };
}

/** `data` as a complete event of type `message`. */
export function toEvent(data: string): Uint8Array {
  return encoder.encode(`event: message\ndata: ${data}\n\n`);
}

/** `data`, which may hold line breaks, as a complete event of type `message`. */
export function messageEvent(data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [messageType];
  for (const line of linesOf(data)) parts.push(dataField, line, newLine);
  parts.push(newLine);
  return joinBytes(parts);
}

/** The type that an event names; `message` when it names none. */
export function eventType(event: SseEvent): string {
  let type = "";
  for (const line of linesOf(event.raw)) if (fieldOf(line) === "event") type = decoder.decode(valueOf(line));
  return type === "" ? "message" : type;
}

/** A comment that keeps a quiet stream open. */
export const keepAlive = new TextEncoder().encode(": keep-alive\n\n");

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const newLine = encoder.encode("\n");
const dataField = encoder.encode("data: ");
const messageType = encoder.encode("event: message\n");

function readEvent(raw: Uint8Array): SseEvent {
  const data: Uint8Array[] = [];
  let isMessage = true;
  let hasId = false;
  for (const line of linesOf(raw)) {
    const field = fieldOf(line);
    if (field === "data") {
      if (data.length > 0) data.push(newLine);
      data.push(valueOf(line));
    } else if (field === "event") {
      const type = decoder.decode(valueOf(line));
      isMessage = type === "" || type === "message";
    } else if (field === "id") hasId = true;
  }
  return { raw, data: data.length > 0 ? joinBytes(data) : null, isMessage, hasId };
}

function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at <= bytes.length; at++) {
    const byte = bytes[at];
    if (byte !== LF && byte !== CR && byte !== undefined) continue;
    lines.push(bytes.subarray(from, at));
    if (byte === CR && bytes[at + 1] === LF) at += 1;
    from = at + 1;
  }
  return lines;
}

const fieldNames = ["data", "event", "id"] as const;

function fieldOf(line: Uint8Array): (typeof fieldNames)[number] | null {
  // A byte order mark may stand before the first field of a stream.
  const body = line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? line.subarray(3) : line;
  return fieldNames.find((name) => startsWith(body, name)) ?? null;
}

function startsWith(line: Uint8Array, name: string): boolean {
  for (let i = 0; i < name.length; i++) if (line[i] !== name.charCodeAt(i)) return false;
  return line.length === name.length || line[name.length] === COLON;
}

function valueOf(line: Uint8Array): Uint8Array {
  const colon = line.indexOf(COLON);
  if (colon < 0) return line.subarray(line.length);
  return line.subarray(line[colon + 1] === 0x20 ? colon + 2 : colon + 1);
}
