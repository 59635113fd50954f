import "server-only";
import { randomUUID } from "node:crypto";
import type { DecisionId } from "@/lib/kernel/ids";

/**
 * A new decision id: UUID version 7 (RFC 9562, section 5.7), 48 bits of time and 74 random ones. Ids that rise with time keep the
 * ledger's indexes dense; with random ones every insert touches another page, and PostgreSQL logs that page whole.
 */
export function newDecisionId(nowMs = Date.now()): DecisionId {
  const time = nowMs.toString(16).padStart(12, "0");
  // Of a version 4 UUID everything behind the version is random but the variant, which both versions share.
  const random = randomUUID();
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}` as DecisionId;
}
