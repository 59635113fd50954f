export const windows = ["minute", "hour", "day", "week", "month"] as const;
export type Window = (typeof windows)[number];

/** A half-open span of time, `startMs ≤ t < endMs`, in milliseconds since the Unix epoch. */
export interface WindowSpan {
  readonly startMs: number;
  readonly endMs: number;
}

const dayMs = 86_400_000;
const lengthMs = { minute: 60_000, hour: 3_600_000, day: dayMs } as const;

/** The epoch was a Thursday; ISO 8601 weeks begin on Monday, three days before it. */
const mondayOffsetMs = 3 * dayMs;

function floorTo(nowMs: number, unitMs: number): number {
  return Math.floor(nowMs / unitMs) * unitMs;
}

/** The calendar-aligned UTC window that holds `nowMs`: weeks begin on Monday (ISO 8601), months on the first. */
export function windowOf(nowMs: number, window: Window): WindowSpan {
  switch (window) {
    case "minute":
    case "hour":
    case "day": {
      const startMs = floorTo(nowMs, lengthMs[window]);
      return { startMs, endMs: startMs + lengthMs[window] };
    }
    case "week": {
      const startMs = floorTo(nowMs + mondayOffsetMs, 7 * dayMs) - mondayOffsetMs;
      return { startMs, endMs: startMs + 7 * dayMs };
    }
    case "month": {
      const at = new Date(nowMs);
      const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
      return { startMs: Date.UTC(year, month, 1), endMs: Date.UTC(year, month + 1, 1) };
    }
  }
}
