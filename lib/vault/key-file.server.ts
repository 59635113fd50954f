import "server-only";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { AppError, isAppError } from "@/lib/kernel/errors";

/** Where the key ring comes from. `generateIn` names a folder where one may be made at first start; null = never. */
export interface KeySource {
  keys: string | null;
  keysFile: string | null;
  generateIn: string | null;
}

/** The ring's text: from the environment, a file, or a file made now. Throws `vault_key`; a key file that others can read is refused. */
export function loadKeyRingText(source: KeySource): { text: string; generatedFile: string | null } {
  if (source.keys !== null) return { text: source.keys, generatedFile: null };
  if (source.keysFile !== null) return { text: readKeyFile(source.keysFile), generatedFile: null };
  if (source.generateIn === null) {
    throw new AppError("vault_key", {
      detail: "DATABASE_URL is set, so VAULT_KEYS or VAULT_KEYS_FILE must be set too: replicas share the key ring",
    });
  }
  const file = join(source.generateIn, "vault.keys");
  if (existsSync(file)) return { text: readKeyFile(file), generatedFile: null };
  const text = `1:${randomBytes(32).toString("base64")}\n`;
  const handle = openSync(file, "wx", 0o600);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  return { text, generatedFile: file };
}

function readKeyFile(file: string): string {
  try {
    if (process.platform !== "win32" && (statSync(file).mode & 0o077) !== 0) {
      throw new AppError("vault_key", { detail: `${file} can be read by other users; run chmod 600 on it` });
    }
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isAppError(error)) throw error;
    throw new AppError("vault_key", { detail: `${file} cannot be read`, cause: error });
  }
}
