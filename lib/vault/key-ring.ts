/** A key of the ring: 32 bytes as base64, with the version that sealed records carry. */
export interface RingKey {
  version: number;
  base64: string;
}

export type KeyRingResult = { ok: true; keys: [RingKey, ...RingKey[]] } | { ok: false; problem: string };

const entry = /^([1-9][0-9]{0,8}):([A-Za-z0-9+/]{43}=)$/;
const zeroKey = `${"A".repeat(43)}=`;

/**
 * Reads `2:<base64 of 32 bytes>,1:<…>` (commas or line ends between keys; the first is the writing key).
 * Problems name key versions, never keys.
 */
export function parseKeyRing(text: string): KeyRingResult {
  const parts = text
    .split(/[,\n\r]+/)
    .map((part) => part.trim())
    .filter((part) => part !== "" && !part.startsWith("#"));
  const keys: RingKey[] = [];
  for (const [index, part] of parts.entries()) {
    const match = entry.exec(part);
    const version = Number(match?.[1]);
    const base64 = match?.[2];
    if (!base64)
      return { ok: false, problem: `key ${String(index + 1)} of the ring is not "<version>:<base64 of 32 bytes>"` };
    if (base64 === zeroKey || new Set(base64.slice(0, 42)).size < 8) {
      return { ok: false, problem: `key version ${String(version)} is an example, not a random key` };
    }
    if (keys.some((key) => key.version === version)) {
      return { ok: false, problem: `key version ${String(version)} stands in the ring twice` };
    }
    keys.push({ version, base64 });
  }
  const [first, ...rest] = keys;
  return first ? { ok: true, keys: [first, ...rest] } : { ok: false, problem: "the key ring is empty" };
}
