import "server-only";
import { randomBytes } from "node:crypto";
import type { DecisionId } from "@/lib/kernel/ids";

/**
 * A new decision id: UUID version 7 (RFC 9562, section 5.7), 48 bits of time and 74 random ones. Ids that rise with time keep the
 * ledger's indexes dense; with random ones every insert touches another page, and PostgreSQL logs that page whole.
 */
export function newDecisionId(nowMs = Date.now()): DecisionId {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString("hex");
  const text = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  return text as DecisionId;
}
