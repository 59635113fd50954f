import "server-only";
import { createHash, randomInt, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const secretLength = 43;
const checksumLength = 6;
const shape = /^([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

/** A new bearer token: the prefix of its kind, 43 base62 characters (256 bits of randomness), 6 characters of CRC-32 against typing errors. */
export function makeSecretToken(prefix: string): string {
  const secret = Array.from({ length: secretLength }, () => alphabet.charAt(randomInt(alphabet.length))).join("");
  return prefix + secret + checksumOf(secret);
}

/** True when the text has the prefix, the form and the checksum of a token. Costs no database work; says nothing about validity. */
export function isSecretToken(prefix: string, token: string): boolean {
  const match = token.startsWith(prefix) ? shape.exec(token.slice(prefix.length)) : null;
  return match?.[1] !== undefined && match[2] === checksumOf(match[1]);
}

/** SHA-256 of the token, hex: what is stored and searched for. The token itself carries 256 random bits, so no salt is needed. */
export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Last four characters, to tell tokens apart in lists. */
export function hintOf(token: string): string {
  return token.slice(-4);
}

/** Compares two hex digests in constant time. */
export function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function checksumOf(secret: string): string {
  let rest = crc32(secret);
  let text = "";
  for (let index = 0; index < checksumLength; index += 1) {
    text = alphabet.charAt(rest % alphabet.length) + text;
    rest = Math.floor(rest / alphabet.length);
  }
  return text;
}
