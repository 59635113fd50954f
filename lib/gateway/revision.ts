/** The protocol revisions that are relayed, oldest first. */
export const revisions = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"] as const;
export type Revision = (typeof revisions)[number];

/** The revision in which each request is complete in itself; the ones before it are "legacy". */
export const modernRevision = "2026-07-28" satisfies Revision;

/** What a request without any version header speaks (MCP 2025-06-18, "Protocol Version Header"). */
export const assumedRevision = "2025-03-26" satisfies Revision;

export type Era = "legacy" | "modern";

export function isRevision(text: string): text is Revision {
  return (revisions as readonly string[]).includes(text);
}

export function eraOfRevision(revision: Revision): Era {
  return revision === modernRevision ? "modern" : "legacy";
}
