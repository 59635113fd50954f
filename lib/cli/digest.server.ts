import "server-only";
import { createHash } from "node:crypto";

/** SHA-256, hex: the hash of compiled policies, as the gateway has it. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
