import { z } from "zod";

/** The one NOTIFY channel of the product. */
export const changeChannel = "policylayer_change";

const changeSchema = z.strictObject({
  topic: z.enum(["calls", "grants", "servers", "bundles", "policies", "members", "sessions", "alerts"]),
  orgId: z.uuid(),
  id: z.string().min(1).max(200),
});

/** Something of an organisation changed; the receiver reads it again. Carries no content. */
export type Change = z.infer<typeof changeSchema>;
export type ChangeTopic = Change["topic"];

/** The notification's text; far below PostgreSQL's limit of 8,000 bytes. */
export function toPayload(change: Change): string {
  return JSON.stringify(changeSchema.parse(change));
}

/** A notification's text as a change; null for anything else, since any user of the database can notify. */
export function parsePayload(text: string): Change | null {
  try {
    return changeSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
