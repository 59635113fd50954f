import { decimalOf, parseDecimal } from "./decimal";
import type { Decimal } from "./decimal";
import { foldKey } from "./fold";
import { latinText, readEscapedString } from "./json-string";
import type { JsonLimits } from "./json";
import type { Value } from "./value";

/** Byte range of a value, `start` inclusive, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where the values of a JSON-RPC message lie: of its own members, those of `params` and `result`, and elements of lists in `result`. */
export interface Spans {
  readonly root: ReadonlyMap<string, Span>;
  readonly params: ReadonlyMap<string, Span>;
  readonly result: ReadonlyMap<string, Span>;
  /** Per member of `result` that is a list: one span per element. */
  readonly items: ReadonlyMap<string, readonly Span[]>;
}

export type Unread = "encoding" | "syntax" | "depth" | "number" | "duplicate_key" | "folded_key";

/** Leaves the reader; never leaves `readJson`. */
export class Unreadable extends Error {
  readonly code: Unread;
  constructor(code: Unread, what: string, offset: number) {
    super(`${what} at byte ${offset}`);
    this.code = code;
  }
}

/** Called for each member or element whose place is wanted. */
interface Place {
  member?: (key: string, span: Span) => void;
  element?: (span: Span) => void;
  inside?: (key: string) => Place | null;
}

const [quote, backslash, comma, colon, minus] = [0x22, 0x5c, 0x2c, 0x3a, 0x2d] as const;
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d] as const;

/** A whole number of this many digits is always a safe integer. */
const fastDigits = 15;

export class JsonReader {
  readonly spans: Spans;
  private readonly bytes: Uint8Array;
  private readonly limits: JsonLimits;
  /** One character per byte, so that offsets agree; strings of plain ASCII are cut from it. */
  private readonly latin: string;
  private readonly place: Place;
  private at = 0;
  private depth = 0;
  private nodes = 0;

  constructor(bytes: Uint8Array, limits: JsonLimits) {
    this.bytes = bytes;
    this.limits = limits;
    this.latin = latinText(bytes);
    const [root, params, result] = [new Map<string, Span>(), new Map<string, Span>(), new Map<string, Span>()];
    const items = new Map<string, Span[]>();
    this.spans = { root, params, result, items };
    const listPlace = (key: string): Place => {
      const spans: Span[] = [];
      return { element: (span) => void (spans.push(span) === 1 && items.set(key, spans)) };
    };
    const sections: Record<string, Place> = {
      params: { member: (key, span) => params.set(key, span) },
      result: { member: (key, span) => result.set(key, span), inside: listPlace },
    };
    this.place = {
      member: (key, span) => root.set(key, span),
      inside: (key) => (key === "params" || key === "result" ? (sections[key] ?? null) : null),
    };
  }

  read(): Value {
    if (this.peek() === 0xef && this.bytes[1] === 0xbb && this.bytes[2] === 0xbf)
      this.fail("encoding", "Byte order mark");
    this.skipSpace();
    const value = this.readValue(this.place);
    this.skipSpace();
    if (this.at < this.bytes.length) this.unexpected();
    return value;
  }

  private readValue(place: Place | null): Value {
    if (++this.nodes > this.limits.nodes) this.fail("depth", `More than ${this.limits.nodes} values`);
    const byte = this.peek();
    switch (byte) {
      case quote:
        return this.readString();
      case openBrace:
        return this.readObject(place);
      case openBracket:
        return this.readArray(place);
      case 0x74:
        return this.readWord("true", true);
      case 0x66:
        return this.readWord("false", false);
      case 0x6e:
        return this.readWord("null", null);
      default:
        if (byte === minus || (byte >= 0x30 && byte <= 0x39)) return this.readNumber();
        return this.unexpected();
    }
  }

  private readObject(place: Place | null): Value {
    const object = new Map<string, Value>();
    this.enter();
    if (this.peek() === closeBrace) return this.leave(object);
    let folds: Set<string> | null = null;
    for (;;) {
      const keyAt = this.at;
      const key = this.readKey();
      if (object.has(key)) this.fail("duplicate_key", "Key given twice", keyAt);
      folds = this.checkFold(key, keyAt, object, folds);
      this.skipSpace();
      if (this.peek() !== colon) this.unexpected();
      this.at += 1;
      this.skipSpace();
      const start = this.at;
      object.set(key, this.readValue(place?.inside?.(key) ?? null));
      place?.member?.(key, { start, end: this.at });
      if (this.separator(closeBrace)) return this.leave(object);
    }
  }

  private readArray(place: Place | null): Value {
    const array: Value[] = [];
    this.enter();
    if (this.peek() === closeBracket) return this.leave(array);
    for (;;) {
      const start = this.at;
      array.push(this.readValue(null));
      place?.element?.({ start, end: this.at });
      if (this.separator(closeBracket)) return this.leave(array);
    }
  }

  private enter(): void {
    if (++this.depth > this.limits.depth) this.fail("depth", `More than ${this.limits.depth} levels`);
    this.at += 1;
    this.skipSpace();
  }

  private leave<T>(value: T): T {
    this.depth -= 1;
    this.at += 1;
    return value;
  }

  /** True before the closing byte; otherwise a comma was passed and the next member begins. */
  private separator(close: number): boolean {
    this.skipSpace();
    const byte = this.peek();
    if (byte === close) return true;
    if (byte !== comma) this.unexpected();
    this.at += 1;
    this.skipSpace();
    return false;
  }

  private readKey(): string {
    const start = this.at;
    if (this.peek() !== quote) this.unexpected();
    const key = this.readString();
    if (this.at - start - 2 > this.limits.keyBytes)
      this.fail("depth", `Key of more than ${this.limits.keyBytes} bytes`, start);
    return key;
  }

  /** Keeps the folds of an object's keys, but only from the first key on that is not its own fold. */
  private checkFold(
    key: string,
    at: number,
    object: ReadonlyMap<string, Value>,
    known: Set<string> | null,
  ): Set<string> | null {
    if (this.limits.folding === "allow") return null;
    if (known === null && isOwnFold(key)) return null;
    const folds = known ?? new Set(object.keys());
    const fold = foldKey(key);
    if (folds.has(fold)) this.fail("folded_key", "Key that differs from another only by case or form", at);
    return folds.add(fold);
  }

  /** Between quotes: plain ASCII is cut out at once, anything else goes the slow, checking way. */
  private readString(): string {
    const bytes = this.bytes;
    const start = this.at + 1;
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === quote) {
        this.at = at + 1;
        return this.latin.slice(start, at);
      }
      if (byte === backslash || byte >= 0x80 || byte < 0x20) break;
    }
    const result = readEscapedString(bytes, start);
    if (result.fault !== null) this.fail(result.fault, result.what, result.end);
    this.at = result.end;
    return result.text;
  }

  private readNumber(): Decimal {
    const start = this.at;
    const negative = this.peek() === minus;
    if (negative) this.at += 1;
    const first = this.at;
    let whole = 0;
    for (; this.at - first < fastDigits; this.at++) {
      const digit = this.peek() - 0x30;
      if (digit < 0 || digit > 9) break;
      whole = whole * 10 + digit;
    }
    const digits = this.at - first;
    if (digits === 0) return this.unexpected();
    const canonical = digits === 1 || this.bytes[first] !== 0x30;
    if (canonical && !isNumberByte(this.peek())) return decimalOf(negative ? -whole : whole);
    while (isNumberByte(this.peek())) this.at += 1;
    return this.decimal(start);
  }

  private decimal(start: number): Decimal {
    const text = this.latin.slice(start, this.at);
    const { digits, exponent } = this.limits;
    const value = parseDecimal(text, { digits, exponent });
    if (value) return value;
    if (!/^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(text))
      return this.fail("syntax", "Malformed number", start);
    return this.fail("number", `Number of more than ${digits} digits or beyond ten to the ±${exponent}`, start);
  }

  private readWord<T extends Value>(word: string, value: T): T {
    if (!this.latin.startsWith(word, this.at)) return this.unexpected();
    this.at += word.length;
    return value;
  }

  private skipSpace(): void {
    for (;;) {
      const byte = this.peek();
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.at += 1;
    }
  }

  /** The byte at the reading point; −1 at the end. */
  private peek(): number {
    return this.at < this.bytes.length ? (this.bytes[this.at] ?? -1) : -1;
  }

  private unexpected(): never {
    const byte = this.peek();
    if (byte === -1) return this.fail("syntax", "Unexpected end");
    if (byte === 0 || byte >= 0x80) return this.fail("encoding", "Byte outside of plain text");
    return this.fail("syntax", "Unexpected character");
  }

  private fail(code: Unread, what: string, offset: number = this.at): never {
    throw new Unreadable(code, what, offset);
  }
}

/** Lower-case ASCII keys, by far the most, need no look at Unicode. */
function isOwnFold(key: string): boolean {
  for (let index = 0; index < key.length; index++) {
    const code = key.charCodeAt(index);
    if (code >= 0x80 || (code >= 0x41 && code <= 0x5a)) return false;
  }
  return true;
}

/** Bytes that may follow inside a number: digits, sign, point, exponent. */
function isNumberByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x65 || byte === 0x45 || byte === 0x2b || byte === minus
  );
}
