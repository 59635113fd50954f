import "server-only";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { AppError } from "@/lib/kernel/errors";

/** Which row a sealed text belongs to. Bound into the record, so that a text copied to another row does not open. */
export interface SealedFor {
  table: string;
  id: string;
  purpose: SealPurpose;
}

/** What sealed texts are for; the purpose is bound into the record. */
export type SealPurpose =
  | "static-header"
  | "oauth-access"
  | "oauth-refresh"
  | "oauth-client-secret"
  | "oauth-verifier"
  | "grant-token"
  | "auth-secret"
  | "stored-answer"
  /** Texts that are stored nowhere: they leave the product and come back. */
  | "traveller";

const nonceBytes = 12;
const tagBytes = 16;
const form = /^v([1-9][0-9]{0,8})\.([A-Za-z0-9_-]+)$/;

/**
 * AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce: `v<key version>.` + base64url(nonce ‖ ciphertext ‖ tag).
 * The associated data is `table|row id|purpose|key version`.
 */
export function sealWith(key: Buffer, version: number, row: SealedFor, text: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(associatedData(row, version));
  const body = Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v${String(version)}.${body.toString("base64url")}`;
}

/** The key version in front of a sealed record, or null when the text is no sealed record. */
export function versionOf(sealed: string): number | null {
  const match = form.exec(sealed);
  return match ? Number(match[1]) : null;
}

/** Opens what `sealWith` made for the same row; throws `vault_record`, which names the row and nothing of the content. */
export function openWith(key: Buffer, row: SealedFor, sealed: string): string {
  const match = form.exec(sealed);
  const body = Buffer.from(match?.[2] ?? "", "base64url");
  if (!match || body.length < nonceBytes + tagBytes) throw unreadable(row);
  if (body.toString("base64url") !== match[2]) throw unreadable(row);
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, body.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAAD(associatedData(row, Number(match[1])));
    decipher.setAuthTag(body.subarray(body.length - tagBytes));
    return (
      decipher.update(body.subarray(nonceBytes, body.length - tagBytes), undefined, "utf8") + decipher.final("utf8")
    );
  } catch {
    throw unreadable(row);
  }
}

/** The error for a record that does not open: wrong key, altered, or of another row; it does not say which. */
export function unreadable(row: SealedFor): AppError {
  return new AppError("vault_record", { detail: `${row.table} ${row.id} (${row.purpose})` });
}

function associatedData(row: SealedFor, version: number): Buffer {
  const parts = [row.table, row.id, row.purpose, String(version)];
  if (parts.some((part) => part === "" || part.includes("|"))) throw unreadable(row);
  return Buffer.from(parts.join("|"), "utf8");
}
