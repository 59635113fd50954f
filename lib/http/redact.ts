/**
 * Cuts known secrets out of what an upstream says (security page, section 3: a redactor that knows exact, base64 and URL-encoded
 * forms). Against an upstream that repeats our credential in an error text; not against one that hides it on purpose. Takes JSON, or
 * an event that carries JSON; gives the same bytes when no secret is in them, else JSON with `[redacted]` in its place.
 */
export type Redact = (bytes: Uint8Array) => Uint8Array;

const redacted = "[redacted]";

/** Shorter values would be found everywhere by chance, and are no secrets worth the name. */
const secretLengthMin = 8;
/** A base64 core shorter than this is no trace of a secret. */
const coreLengthMin = 10;

/** Cuts nothing. */
export const redactNothing: Redact = (bytes) => bytes;

/** Cuts header values: each value whole, and what follows its scheme word (`Bearer x` is also known as `x`). */
export function redactOf(values: readonly string[]): Redact {
  const secrets = new Set(values.flatMap((value) => [value, credentialOf(value)]).filter(isLongEnough));
  if (secrets.size === 0) return redactNothing;
  const needles = [...new Set([...secrets].flatMap(formsInJson))].map((form) => Buffer.from(form));
  return (bytes) => redactJson(bytes, needles);
}

function isLongEnough(value: string): boolean {
  return value.length >= secretLengthMin;
}

/** RFC 9110, section 11.4: `scheme credentials`. */
function credentialOf(value: string): string {
  return /^[A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]* +(\S.*)$/.exec(value)?.[1] ?? "";
}

/** How a secret may stand in the text of a JSON string. */
function formsInJson(secret: string): string[] {
  return [...escapedForms(secret), encodeURIComponent(secret), urlEncoded(secret), ...base64Forms(secret)];
}

/** As serialisers write it: plain, with `\/`, or with the characters escaped that matter in HTML (two spellings of hex). */
function escapedForms(secret: string): string[] {
  const plain = JSON.stringify(secret).slice(1, -1);
  const hex = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const inHtml = plain.replace(/[<>&]/g, hex);
  const cautious = secret.replace(/["<>&'+`]/g, (char) => hex(char).toUpperCase().replace("U", "u"));
  return [plain, plain.replaceAll("/", "\\/"), inHtml, cautious.replace(/\\(?!u)/g, "\\\\")];
}

/** application/x-www-form-urlencoded: a space is `+`. */
function urlEncoded(secret: string): string {
  return encodeURIComponent(secret).replaceAll("%20", "+");
}

/**
 * Its base64 in both alphabets, also where it stands inside something longer (`user:secret`): for each of the three ways to begin,
 * the characters that depend on the secret alone.
 */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const forms: string[] = [];
  for (let before = 0; before < 3; before++) {
    const bits = { from: before * 8, to: (before + bytes.length) * 8 };
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const core = text.slice(Math.ceil(bits.from / 6), Math.floor(bits.to / 6));
    if (core.length >= coreLengthMin) forms.push(core, core.replaceAll("+", "-").replaceAll("/", "_"));
  }
  return forms.flatMap((form) => [form, form.replaceAll("/", "\\/")]);
}

interface Hit {
  from: number;
  to: number;
}

function redactJson(bytes: Uint8Array, needles: readonly Buffer[]): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let isClean = true;
  for (const needle of needles) {
    if (buffer.indexOf(needle) >= 0) {
      isClean = false;
      break;
    }
  }
  return isClean ? bytes : cut(buffer, hitsOf(buffer, needles));
}

/** Every place of every needle, in order, overlaps joined. */
function hitsOf(buffer: Buffer, needles: readonly Buffer[]): Hit[] {
  const found: Hit[] = [];
  for (const needle of needles) {
    for (let at = buffer.indexOf(needle); at >= 0; at = buffer.indexOf(needle, at + needle.length)) {
      found.push({ from: at, to: at + needle.length });
    }
  }
  found.sort((a, b) => a.from - b.from);
  const joined: Hit[] = [];
  for (const hit of found) {
    const last = joined.at(-1);
    if (last && hit.from < last.to) last.to = Math.max(last.to, hit.to);
    else joined.push(hit);
  }
  return joined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const mark = Buffer.from(redacted);
const quotedMark = Buffer.from(`"${redacted}"`);

/** Replaces the hits. One that stands outside of a string is (part of) a number, whose place a string takes. */
function cut(buffer: Buffer, hits: readonly Hit[]): Buffer {
  const parts: Buffer[] = [];
  let kept = 0;
  let isInString = false;
  for (const hit of hits) {
    if (hit.from < kept) continue;
    let at = kept;
    while (at < hit.from) {
      const next = isInString && buffer[at] === BACKSLASH ? at + (buffer[at + 1] === LETTER_U ? 6 : 2) : at + 1;
      // A value that begins inside an escape takes the whole escape with it.
      if (next > hit.from) break;
      if (buffer[at] === QUOTE) isInString = !isInString;
      at = next;
    }
    const span = isInString ? { from: at, to: hit.to } : numberAround(buffer, hit);
    parts.push(buffer.subarray(kept, span.from), isInString ? mark : quotedMark);
    kept = span.to;
  }
  return Buffer.concat([...parts, buffer.subarray(kept)]);
}

function numberAround(buffer: Buffer, { from, to }: Hit): Hit {
  const span = { from, to };
  while (span.from > 0 && isOfNumber(buffer[span.from - 1])) span.from -= 1;
  while (isOfNumber(buffer[span.to])) span.to += 1;
  return span;
}

/** Digits, `+`, `-`, `.`, `e`, `E`. */
function isOfNumber(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  if (byte >= 0x30 && byte <= 0x39) return true;
  return byte === 0x2b || byte === 0x2d || byte === 0x2e || byte === 0x65 || byte === 0x45;
}
