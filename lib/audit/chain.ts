/** A hash function over bytes; SHA-256 wherever chains are written. Comes in as an argument, so that browsers and verifiers can bring theirs. */
export type Digest = (bytes: Uint8Array) => Uint8Array;

/** One stored record: `record` is the canonical text, the hashes are lower-case hex. */
export interface ChainRecord {
  seq: bigint;
  record: string;
  prevHash: string;
  hash: string;
}

/** The newest link of a chain. An empty chain has `seq` 0 and the genesis hash. */
export interface ChainHead {
  seq: bigint;
  hash: string;
}

/** What the first record names as its predecessor. */
export const genesisHash = "0".repeat(64);
export const emptyChain: ChainHead = Object.freeze({ seq: 0n, hash: genesisHash });

/** Version of the record and link form; every record carries it as `v`. */
export const chainVersion = 1;

const hashBytes = 32;
const text = new TextEncoder();

/** RFC 6962, section 2.1: SHA-256(0x00 ‖ record). U+0000 is the byte 0x00 in UTF-8. */
export function leafHash(digest: Digest, record: string): Uint8Array {
  return digest(text.encode("\0" + record));
}

/** The hash that a record gets behind `prevHash`: the interior node of RFC 6962, SHA-256(0x01 ‖ previous link ‖ leaf). */
export function linkHash(digest: Digest, prevHash: string, record: string): string {
  const input = new Uint8Array(1 + 2 * hashBytes);
  input[0] = 1;
  readHex(prevHash, input, 1);
  input.set(leafHash(digest, record), 1 + hashBytes);
  return toHex(digest(input));
}

/** The record of `record` directly behind `head`. */
export function nextLink(digest: Digest, head: ChainHead, record: string): ChainRecord {
  return { seq: head.seq + 1n, record, prevHash: head.hash, hash: linkHash(digest, head.hash, record) };
}

/**
 * Why a chain is broken at a record: a number is missing or doubled (`gap`), it does not follow its predecessor (`link`),
 * its text is not what was hashed (`hash`), or a stored column disagrees with its text (`content`). `head`: the records end
 * before or beyond the stored head.
 */
export type BreakReason = "gap" | "link" | "hash" | "content" | "head";

export type ChainReport =
  { ok: true; count: number; head: ChainHead } | { ok: false; count: number; seq: bigint; reason: BreakReason };

export interface VerifyOptions<R extends ChainRecord> {
  digest: Digest;
  /** The stored head; a chain that ends elsewhere is reported with reason `head`. */
  head?: ChainHead;
  /** Whether the record's text agrees with what is stored beside it. */
  agrees?: (record: R) => boolean;
}

/**
 * Reads records in their order and names the first broken one; `count` records before it were good. Holds one record at a
 * time. A full rewrite from the genesis, and a cut tail whose head was set back, need an outside checkpoint to be seen.
 */
export async function verifyChain<R extends ChainRecord>(
  records: Iterable<R> | AsyncIterable<R>,
  options: VerifyOptions<R>,
): Promise<ChainReport> {
  let head = emptyChain;
  let count = 0;
  for await (const record of records) {
    const reason = breakOf(record, head, options);
    if (reason) return { ok: false, count, seq: reason === "gap" ? head.seq + 1n : record.seq, reason };
    head = { seq: record.seq, hash: record.hash };
    count += 1;
  }
  const stored = options.head;
  if (stored && (stored.seq !== head.seq || stored.hash !== head.hash)) {
    return { ok: false, count, seq: stored.seq > head.seq ? head.seq + 1n : head.seq, reason: "head" };
  }
  return { ok: true, count, head };
}

function breakOf<R extends ChainRecord>(record: R, head: ChainHead, options: VerifyOptions<R>): BreakReason | null {
  if (record.seq !== head.seq + 1n) return "gap";
  if (record.prevHash !== head.hash) return "link";
  if (linkHash(options.digest, head.hash, record.record) !== record.hash) return "hash";
  return options.agrees && !options.agrees(record) ? "content" : null;
}

const hexOf = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += hexOf[byte] ?? "";
  return hex;
}

/** Throws on anything but 64 lower-case hex digits: a shortened hash must not be read as another one. */
function readHex(hex: string, into: Uint8Array, offset: number): void {
  if (hex.length !== 2 * hashBytes) throw new Error("not a SHA-256 hash in hex");
  for (let index = 0; index < hashBytes; index++) {
    into[offset + index] = digitOf(hex.charCodeAt(2 * index)) * 16 + digitOf(hex.charCodeAt(2 * index + 1));
  }
}

function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  throw new Error("not a SHA-256 hash in hex");
}
