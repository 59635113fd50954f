import { z } from "zod";
import { isDecimal } from "@/lib/kernel/decimal";
import type { Ctx } from "@/lib/kernel/ctx";
import { canonical } from "./canonical";
import type { CanonicalValue } from "./canonical";
import { chainVersion } from "./chain";
import { toLogText } from "./log-text";
import type { RecordPlace } from "./decision-record";

/** Name of the chain that holds state-changing acts. */
export const auditChain = "audit";

/** One act: `action` is `<noun>.<verb>`, `object` is `<noun>:<id>`; what it changed, without secrets; and why. */
export interface AuditEntry {
  action: string;
  object: string;
  before?: CanonicalValue;
  after?: CanonicalValue;
  reason?: string;
}

const lengthMax = 4_000;

/** The chained text of an act, with who did it in which request. */
export function toAuditText(place: RecordPlace, ctx: Ctx, entry: AuditEntry): string {
  const { action, object, before = null, after = null, reason = null } = entry;
  return canonical({
    v: chainVersion,
    chain: auditChain,
    kind: "act",
    org: place.orgId,
    seq: place.seq,
    at: place.at,
    actor: storable({ ...ctx.actor }),
    requestId: storable(ctx.requestId),
    action,
    object,
    before: storable(before),
    after: storable(after),
    reason: storable(reason),
  });
}

/** The value with every text fit to be stored and of bounded length. */
function storable(value: CanonicalValue): CanonicalValue {
  if (typeof value === "string") return toLogText(value, lengthMax);
  if (typeof value !== "object" || value === null || isDecimal(value)) return value;
  if (Array.isArray(value)) return (value as readonly CanonicalValue[]).map(storable);
  const entries = value instanceof Map ? [...(value as ReadonlyMap<string, CanonicalValue>)] : Object.entries(value);
  return new Map(entries.map(([name, member]) => [toLogText(name, lengthMax), storable(member as CanonicalValue)]));
}

const AuditText = z.object({
  chain: z.literal(auditChain),
  org: z.string(),
  seq: z.number().int(),
  actor: z.object({ userId: z.string().optional() }),
  action: z.string(),
  object: z.string(),
});

/** Reads a stored act; null when the text is not one of ours. */
export function parseAuditText(stored: string): z.infer<typeof AuditText> | null {
  try {
    return AuditText.safeParse(JSON.parse(stored)).data ?? null;
  } catch {
    return null;
  }
}
