import { numberLimits } from "./decimal";
import { JsonReader, Unreadable } from "./json-reader";
import type { Span, Spans, Unread } from "./json-reader";
import type { Value } from "./value";

export type { Span, Spans };

/** Why a text was refused: codes of `lib/kernel/errors.ts`. Depth also stands for too many nodes and too long keys. */
export type JsonFault = Unread;

/** Bounds of a text; anything beyond is refused before it is built. */
export interface JsonLimits {
  /** Nested objects and arrays, the outermost being level 1. */
  readonly depth: number;
  /** Values of every kind, containers included. */
  readonly nodes: number;
  /** Bytes of a key as written between its quotes. */
  readonly keyBytes: number;
  /** Significant digits of a number. */
  readonly digits: number;
  /** Largest power of ten of a number, and its negative the smallest. */
  readonly exponent: number;
  /** Whether two keys of one object that differ only by case or form are refused. */
  readonly folding: "refuse" | "allow";
}

/** What a request of an agent may hold. */
export const requestLimits: JsonLimits = {
  depth: 64,
  nodes: 10_000,
  keyBytes: 1024,
  ...numberLimits,
  folding: "refuse",
};

export type JsonResult = { ok: true; value: Value; spans: Spans } | { ok: false; code: JsonFault; message: string };

/**
 * Reads one JSON text (RFC 8259) strictly, in one pass over its bytes, without ever passing a number through a double:
 * fatal UTF-8, no byte order mark, no lone surrogate, no NUL, no key twice in an object after unescaping. Objects
 * become Maps, so that every name is a plain own key. Never throws on data. The message names the byte offset and no content.
 */
export function readJson(bytes: Uint8Array, limits: Partial<JsonLimits> = {}): JsonResult {
  const reader = new JsonReader(bytes, { ...requestLimits, ...limits });
  try {
    const value = reader.read();
    return { ok: true, value, spans: reader.spans };
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, code: error.code, message: error.message };
    throw error;
  }
}
