const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** "2 min ago", "in 3 h"; "" when `at` is no date. */
export function agoText(at: string, nowMs: number): string {
  const distance = nowMs - Date.parse(at);
  if (Number.isNaN(distance)) return "";
  const size = Math.abs(distance);
  if (size < minuteMs) return distance >= 0 ? "just now" : "in under a minute";
  const words =
    size < hourMs
      ? `${Math.floor(size / minuteMs)} min`
      : size < dayMs
        ? `${Math.floor(size / hourMs)} h`
        : `${Math.floor(size / dayMs)} d`;
  return distance >= 0 ? `${words} ago` : `in ${words}`;
}

export function clockText(at: string): string {
  return new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" }).format(new Date(at));
}

export function dayText(at: string): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}

/** Local time with its zone, and the same moment in UTC. */
export function fullText(at: string): string {
  const local = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" }).format(new Date(at));
  const utc = new Date(at).toISOString().replace("T", " ").replace("Z", " UTC");
  return `${local} · ${utc}`;
}
