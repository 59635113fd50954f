/** What the console can be told about. Events carry topic and id only; pages read again with their own rights. */
export const topics = ["calls", "grants", "servers", "bundles", "policies", "members", "alerts"] as const;
export type Topic = (typeof topics)[number];

/** The known topics of a comma-separated list; unknown names are dropped. */
export function parseTopics(text: string): Topic[] {
  const wanted = new Set(text.split(","));
  return topics.filter((topic) => wanted.has(topic));
}

/** One server-sent event, as bytes of the WHATWG event stream format. */
export function eventText(id: number, topic: Topic | "reset", objectId: string): string {
  return `id: ${String(id)}\nevent: ${topic}\ndata: ${JSON.stringify({ topic, id: objectId })}\n\n`;
}
