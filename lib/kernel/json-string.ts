const chunk = 4096;

/** `apply` instead of spread: spreading a typed array goes through its iterator and is six times slower. */
function fromUnits(units: ArrayLike<number>): string {
  return Reflect.apply(String.fromCharCode, undefined, units) as string;
}

/** One character per byte (ISO 8859-1), so that a byte's offset is its character's. */
export function latinText(bytes: Uint8Array): string {
  if (bytes.length <= chunk) return fromUnits(bytes);
  let text = "";
  for (let at = 0; at < bytes.length; at += chunk) text += fromUnits(bytes.subarray(at, at + chunk));
  return text;
}

/** `end` is the offset behind the closing quote, or that of the fault. */
type Escaped = { fault: null; text: string; end: number } | { fault: "encoding" | "syntax"; what: string; end: number };

const fault = (code: "encoding" | "syntax", what: string, end: number): Escaped => ({ fault: code, what, end });

const escapes = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

/** UTF-16 units gathered in blocks: no string is built per character. */
class Units {
  private block: number[] = [];
  private text = "";
  private last = 0;

  push(unit: number): void {
    if (this.block.length === chunk) this.flush();
    this.block.push(unit);
    this.last = unit;
  }

  pushCodePoint(code: number): void {
    if (code < 0x10000) return this.push(code);
    this.push(0xd800 + ((code - 0x10000) >> 10));
    this.push(0xdc00 + ((code - 0x10000) & 0x3ff));
  }

  /** True when a high surrogate still waits for its low half. */
  get isOpen(): boolean {
    return this.last >= 0xd800 && this.last <= 0xdbff;
  }

  toText(): string {
    this.flush();
    return this.text;
  }

  private flush(): void {
    this.text += fromUnits(this.block);
    this.block = [];
  }
}

/** Reads a string from behind its opening quote, with escapes and UTF-8 (RFC 3629: no overlong forms, no surrogates). */
export function readEscapedString(bytes: Uint8Array, start: number): Escaped {
  const units = new Units();
  let at = start;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    if (byte === 0x5c && bytes[at + 1] === 0x75) {
      const unit = hexUnit(bytes, at + 2);
      if (unit < 0) return fault("syntax", "Malformed escape", at);
      if (unit === 0) return fault("encoding", "NUL in a string", at);
      if (units.isOpen !== (unit >= 0xdc00 && unit <= 0xdfff)) return fault("encoding", "Lone surrogate", at);
      units.push(unit);
      at += 6;
      continue;
    }
    if (units.isOpen) return fault("encoding", "Lone surrogate", at);
    if (byte === 0x22) return { fault: null, text: units.toText(), end: at + 1 };
    if (byte === 0x5c) {
      const unit = escapes.get(bytes[at + 1] ?? 0);
      if (unit === undefined) return fault("syntax", "Malformed escape", at);
      units.push(unit);
      at += 2;
    } else if (byte < 0x80) {
      if (byte < 0x20) return fault(byte === 0 ? "encoding" : "syntax", "Control character in a string", at);
      units.push(byte);
      at += 1;
    } else {
      const size = sequenceSize(bytes, at);
      if (size === 0) return fault("encoding", "Malformed UTF-8", at);
      units.pushCodePoint(codePoint(bytes, at, size));
      at += size;
    }
  }
  return fault("syntax", "Unexpected end", at);
}

function hexUnit(bytes: Uint8Array, at: number): number {
  let unit = 0;
  for (let index = at; index < at + 4; index++) {
    const digit = hexDigit(bytes[index] ?? 0);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Length of the well-formed UTF-8 sequence at `at` (Unicode, table 3-7), or 0. */
function sequenceSize(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  if (first >= 0xc2 && first <= 0xdf) return isContinuation(second) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const low = first === 0xe0 ? 0xa0 : 0x80;
    const high = first === 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && isContinuation(bytes[at + 2]) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const low = first === 0xf0 ? 0x90 : 0x80;
    const high = first === 0xf4 ? 0x8f : 0xbf;
    const inRange = second >= low && second <= high;
    return inRange && isContinuation(bytes[at + 2]) && isContinuation(bytes[at + 3]) ? 4 : 0;
  }
  return 0;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80 && byte <= 0xbf;
}

function codePoint(bytes: Uint8Array, at: number, size: number): number {
  let code = (bytes[at] ?? 0) & (0xff >> (size + 1));
  for (let index = at + 1; index < at + size; index++) code = (code << 6) | ((bytes[index] ?? 0) & 0x3f);
  return code;
}
