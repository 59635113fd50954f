const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** "2 min ago" (whole units gone by), "in 3 h" (to the nearest unit); "" when `at` is no date. */
export function agoText(at: string, nowMs: number): string {
  const distance = nowMs - Date.parse(at);
  if (Number.isNaN(distance)) return "";
  const size = Math.abs(distance);
  if (size < minuteMs) return distance >= 0 ? "just now" : "in under a minute";
  const whole = distance >= 0 ? Math.floor : Math.round;
  const words =
    size < hourMs
      ? `${whole(size / minuteMs)} min`
      : size < dayMs
        ? `${whole(size / hourMs)} h`
        : `${whole(size / dayMs)} d`;
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
