import "server-only";
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { AppError } from "@/lib/kernel/errors";
import { singleton } from "@/lib/kernel/singleton";
import { openWith, sealWith, unreadable, versionOf, type SealedFor } from "./envelope.server";
import { loadKeyRingText, type KeySource } from "./key-file.server";
import { parseKeyRing } from "./key-ring";
import { countSeals, readCheckValues, writeCheckValue } from "./key-store.server";

/** Seal operations per key: refused from here on, so that random nonces stay unique (NIST SP 800-38D, section 8.3). */
const sealsMax = 2n ** 32n;
/** Seals are counted before they happen, in blocks, so that a crash can only over-count. */
const sealBlock = 1024;

interface Ring {
  writer: number;
  keys: Map<number, Buffer>;
  sealsLeft: number;
  sealsBooked: bigint;
  booking: Promise<void> | null;
  subkeys: Map<string, Buffer>;
}

const state = singleton<{ ring: Ring | null }>("vault", () => ({ ring: null }));

/**
 * Loads the key ring, checks each key against its stored check value and books the first block of seals.
 * Throws `vault_key` (exit 78) for a missing, malformed, example or wrong key; the text names versions only.
 * Says whether a ring was generated, so that the start can ask for a backup of the file.
 */
export async function openVault(source: KeySource): Promise<{ generatedFile: string | null }> {
  const loaded = loadKeyRingText(source);
  const parsed = parseKeyRing(loaded.text);
  if (!parsed.ok) throw new AppError("vault_key", { detail: parsed.problem });
  const keys = new Map(parsed.keys.map((key) => [key.version, Buffer.from(key.base64, "base64")]));
  await checkKeys(keys);
  const ring: Ring = {
    writer: parsed.keys[0].version,
    keys,
    sealsLeft: 0,
    sealsBooked: 0n,
    booking: null,
    subkeys: new Map(),
  };
  await book(ring);
  state.ring = ring;
  return { generatedFile: loaded.generatedFile };
}

/** Forgets the keys; used when the process stops and between tests. */
export function closeVault(): void {
  state.ring = null;
}

/** Seals `text` for one row with the writing key. Throws `vault_key` when the key has been used 2^32 times. */
export function seal(row: SealedFor, text: string): string {
  const ring = openRing();
  if (ring.sealsLeft <= 0)
    throw new AppError("vault_key", {
      detail: `key version ${String(ring.writer)} is used up or its use cannot be counted`,
    });
  ring.sealsLeft -= 1;
  if (ring.sealsLeft < sealBlock / 2 && !ring.booking) {
    ring.booking = book(ring)
      .catch(() => undefined)
      .finally(() => (ring.booking = null));
  }
  return sealWith(keyOf(ring, ring.writer, row), ring.writer, row, text);
}

/** Opens what `seal` made for the same row, with whichever key of the ring made it. Throws `vault_record`. */
export function open(row: SealedFor, sealed: string): string {
  const ring = openRing();
  const version = versionOf(sealed);
  if (version === null) throw unreadable(row);
  return openWith(keyOf(ring, version, row), row, sealed);
}

/**
 * A key derived for one use by HKDF-SHA-256 (RFC 5869), `info` = `policylayer/<use>/<key version>`.
 * The version travels with whatever the key made.
 */
export function subkey(use: string, version?: number): { version: number; key: Buffer } {
  const ring = openRing();
  const wanted = version ?? ring.writer;
  const name = `policylayer/${use}/${String(wanted)}`;
  const found = ring.subkeys.get(name);
  if (found) return { version: wanted, key: found };
  const root = ring.keys.get(wanted);
  if (!root) throw new AppError("vault_key", { detail: `key version ${String(wanted)} is not in the ring` });
  const key = Buffer.from(hkdfSync("sha256", root, Buffer.alloc(0), name, 32));
  if (ring.subkeys.size < 64) ring.subkeys.set(name, key);
  return { version: wanted, key };
}

/**
 * Seals a text that leaves the product and comes back (a session id, a request's state): nothing is stored, any replica opens it.
 * Uses a sub-key of `use`; `context` names what it belongs to (ids and digests, no `|`) and must be the same to open it.
 */
export function sealTraveller(use: string, context: string, text: string): string {
  const { version, key } = subkey(use);
  return sealWith(key, version, { table: use, id: context, purpose: "traveller" }, text);
}

/** Opens what `sealTraveller` made for the same use and context; null for anything else, without saying why. */
export function openTraveller(use: string, context: string, sealed: string): string | null {
  const version = versionOf(sealed);
  if (version === null) return null;
  try {
    return openWith(subkey(use, version).key, { table: use, id: context, purpose: "traveller" }, sealed);
  } catch {
    return null;
  }
}

function openRing(): Ring {
  if (!state.ring) throw new AppError("vault_key", { detail: "the vault is not open" });
  return state.ring;
}

function keyOf(ring: Ring, version: number, row: SealedFor): Buffer {
  const key = ring.keys.get(version);
  if (!key) throw unreadable(row);
  return key;
}

async function checkKeys(keys: Map<number, Buffer>): Promise<void> {
  const stored = await readCheckValues();
  for (const [version, key] of keys) {
    const value = createHmac("sha256", key)
      .update(`policylayer/check/${String(version)}`)
      .digest("hex");
    const known = stored.get(version);
    if (known === undefined) await writeCheckValue(version, value);
    else if (!sameText(known, value)) {
      throw new AppError("vault_key", {
        detail: `key version ${String(version)} is not the key that this database was sealed with`,
      });
    }
  }
}

async function book(ring: Ring): Promise<void> {
  const total = await countSeals(ring.writer, sealBlock);
  ring.sealsBooked = total;
  if (total <= sealsMax) ring.sealsLeft += sealBlock;
}

function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
