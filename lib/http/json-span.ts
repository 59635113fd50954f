/**
 * Where values stand in a JSON text, without building them. The strict reader of the kernel judges requests; this one reads
 * an upstream's answers, which may be megabytes, only as far as the relay must know them, and lets every byte pass as it came.
 */
export interface Span {
  /** First byte of the value. */
  start: number;
  /** One past its last byte. */
  end: number;
}

export interface Member extends Span {
  key: string;
  /** First byte of the key, its quotation mark. */
  keyStart: number;
}

const depthMax = 512;
/** Members of an object whose members are wanted: an envelope, a result, a tool. */
const membersMax = 1_000;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Thrown inside this file only; the exported functions return null instead. */
class NotJson extends Error {}

/** The span of the one value that fills `bytes`, white space around it allowed; null when it is not JSON (RFC 8259). */
export function findDocument(bytes: Uint8Array): Span | null {
  return attempt(() => {
    const start = skipSpace(bytes, 0);
    const end = skipValue(bytes, start, 0);
    return skipSpace(bytes, end) === bytes.length ? { start, end } : null;
  });
}

/** The members of the one object that fills `bytes`; null when the text is anything else. */
export function findRootMembers(bytes: Uint8Array): Member[] | null {
  return attempt(() => {
    const start = skipSpace(bytes, 0);
    if (bytes[start] !== 0x7b) return null;
    const { members, end } = readMembers(bytes, start);
    return skipSpace(bytes, end) === bytes.length ? members : null;
  });
}

/** `findRootMembers`, and in the same walk the members of the object under `key`: null when there is none, or one key stands there twice. */
export function findRootAndInner(bytes: Uint8Array, key: string): { root: Member[]; inner: Member[] | null } | null {
  return attempt(() => {
    const start = skipSpace(bytes, 0);
    if (bytes[start] !== 0x7b) return null;
    const { members: root, inner, end } = readMembers(bytes, start, key);
    return root && skipSpace(bytes, end) === bytes.length ? { root, inner } : null;
  });
}

/** The members of the object at `span` in order; null when it is no object or one key stands there twice. */
export function findMembers(bytes: Uint8Array, span: Span): Member[] | null {
  if (bytes[span.start] !== 0x7b) return null;
  return attempt(() => readMembers(bytes, span.start).members);
}

/**
 * The elements of the array at `span` in order; null when it is no array. `endOf` may say where the element that begins at `at` ends
 * when it knows its bytes, which are then not walked; null = it does not.
 */
export function findElements(
  bytes: Uint8Array,
  span: Span,
  endOf: (at: number) => number | null = () => null,
): Span[] | null {
  if (bytes[span.start] !== 0x5b) return null;
  return attempt(() => {
    const elements: Span[] = [];
    let at = skipSpace(bytes, span.start + 1);
    while (bytes[at] !== 0x5d) {
      const end = endOf(at) ?? skipValue(bytes, at, 0);
      elements.push({ start: at, end });
      at = nextOf(bytes, end, 0x5d);
    }
    return elements;
  });
}

/** The string at `span`, escapes decoded; null when it is no string or no valid UTF-8. */
export function readString(bytes: Uint8Array, span: Span): string | null {
  if (bytes[span.start] !== QUOTE) return null;
  const short = readShortAscii(bytes, span.start + 1, span.end - 1);
  if (short !== null) return short;
  const raw = readText(bytes, span);
  if (raw === null) return null;
  if (!raw.includes("\\")) return raw.slice(1, -1);
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}

/** Plain text of a few characters, as keys are, without a decoder; null for anything else. */
function readShortAscii(bytes: Uint8Array, start: number, end: number): string | null {
  if (end - start > 24) return null;
  let plain = "";
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80 || byte < 0x20 || byte === BACKSLASH) return null;
    plain += String.fromCharCode(byte);
  }
  return plain;
}

/** The bytes of `span` as text; null when they are no valid UTF-8. */
export function readText(bytes: Uint8Array, span: Span): string | null {
  const short = readShortAscii(bytes, span.start, span.end);
  if (short !== null) return short;
  try {
    return text.decode(bytes.subarray(span.start, span.end));
  } catch {
    return null;
  }
}

function attempt<T>(read: () => T | null): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotJson) return null;
    throw error;
  }
}

interface Members {
  members: Member[] | null;
  /** Of the object under the key that was asked for. */
  inner: Member[] | null;
  end: number;
}

function readMembers(bytes: Uint8Array, open: number, inside: string | null = null): Members {
  const members: Member[] = [];
  let inner: Member[] | null = null;
  let isDoubled = false;
  let at = skipSpace(bytes, open + 1);
  while (bytes[at] !== 0x7d) {
    const keyStart = at;
    const keyEnd = skipString(bytes, at);
    const key = readString(bytes, { start: keyStart, end: keyEnd });
    if (key === null) throw new NotJson();
    for (const member of members) isDoubled ||= member.key === key;
    if (members.length >= membersMax) throw new NotJson();
    const start = skipSpace(bytes, expect(bytes, skipSpace(bytes, keyEnd), COLON));
    const nested = key === inside && bytes[start] === 0x7b ? readMembers(bytes, start) : null;
    if (nested) inner = nested.members;
    const end = nested ? nested.end : skipValue(bytes, start, 0);
    members.push({ key, keyStart, start, end });
    at = nextOf(bytes, end, 0x7d);
  }
  return { members: isDoubled ? null : members, inner, end: at + 1 };
}

function skipValue(bytes: Uint8Array, at: number, depth: number): number {
  const byte = bytes[at];
  if (byte === QUOTE) return skipString(bytes, at);
  if (byte === 0x7b) return skipObject(bytes, at, depth);
  if (byte === 0x5b) return skipArray(bytes, at, depth);
  if (byte === 0x74) return skipWord(bytes, at, "true");
  if (byte === 0x66) return skipWord(bytes, at, "false");
  if (byte === 0x6e) return skipWord(bytes, at, "null");
  return skipNumber(bytes, at);
}

function skipObject(bytes: Uint8Array, from: number, depth: number): number {
  if (depth >= depthMax) throw new NotJson();
  let at = skipSpace(bytes, from + 1);
  while (bytes[at] !== 0x7d) {
    at = expect(bytes, skipSpace(bytes, skipString(bytes, at)), COLON);
    at = nextOf(bytes, skipValue(bytes, skipSpace(bytes, at), depth + 1), 0x7d);
  }
  return at + 1;
}

function skipArray(bytes: Uint8Array, from: number, depth: number): number {
  if (depth >= depthMax) throw new NotJson();
  let at = skipSpace(bytes, from + 1);
  while (bytes[at] !== 0x5d) at = nextOf(bytes, skipValue(bytes, at, depth + 1), 0x5d);
  return at + 1;
}

/** Behind a value: the next value's first byte, or the closing bracket. */
function nextOf(bytes: Uint8Array, from: number, close: number): number {
  const at = skipSpace(bytes, from);
  if (bytes[at] === close) return at;
  const next = skipSpace(bytes, expect(bytes, at, COMMA));
  if (bytes[next] === close) throw new NotJson();
  return next;
}

function skipString(bytes: Uint8Array, from: number): number {
  let at = expect(bytes, from, QUOTE);
  for (;;) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === undefined || byte < 0x20) throw new NotJson();
    at = byte === BACKSLASH ? skipEscape(bytes, at + 1) : at + 1;
  }
}

function skipEscape(bytes: Uint8Array, at: number): number {
  const byte = bytes[at];
  if (byte === 0x75) {
    for (let i = 1; i <= 4; i++) if (!isHex(bytes[at + i])) throw new NotJson();
    return at + 5;
  }
  // " \ / b f n r t
  const simple = byte === QUOTE || byte === BACKSLASH || byte === 0x2f || byte === 0x62 || byte === 0x66;
  if (simple || byte === 0x6e || byte === 0x72 || byte === 0x74) return at + 1;
  throw new NotJson();
}

function skipNumber(bytes: Uint8Array, from: number): number {
  let at = bytes[from] === 0x2d ? from + 1 : from;
  at = bytes[at] === 0x30 ? at + 1 : skipDigits(bytes, at);
  if (bytes[at] === 0x2e) at = skipDigits(bytes, at + 1);
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    const sign = bytes[at + 1];
    at = skipDigits(bytes, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
  }
  return at;
}

function skipDigits(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isDigit(bytes[at])) at += 1;
  if (at === from) throw new NotJson();
  return at;
}

function skipWord(bytes: Uint8Array, from: number, word: string): number {
  for (let i = 0; i < word.length; i++) if (bytes[from + i] !== word.charCodeAt(i)) throw new NotJson();
  return from + word.length;
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

function expect(bytes: Uint8Array, at: number, byte: number): number {
  if (bytes[at] !== byte) throw new NotJson();
  return at + 1;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}
