import type { Overview } from "./schema";

export interface HourCount {
  hour: Date;
  decision: string | null;
  count: number;
}

const hourMs = 3_600_000;

/** Hourly buckets from `firstMs` on, oldest first, with zeros where nothing happened. Other words than the three are left out. */
export function toSeries(rows: readonly HourCount[], firstMs: number, hours: number): Overview["series"] {
  const series = Array.from({ length: hours }, (_, index) => ({
    at: new Date(firstMs + index * hourMs).toISOString(),
    allow: 0,
    deny: 0,
    rate_limited: 0,
  }));
  for (const { hour, decision, count } of rows) {
    const bucket = series[(hour.getTime() - firstMs) / hourMs];
    if (bucket && (decision === "allow" || decision === "deny" || decision === "rate_limited"))
      bucket[decision] += count;
  }
  return series;
}
