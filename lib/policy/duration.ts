const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Bounds of how long a held call may wait. */
export const durationLimits = { leastMs: 10_000, mostMs: 7 * unitMs.d } as const;

/** Milliseconds of a text such as `30m`: a whole number and one of `s m h d`, 10 seconds to 7 days; null for anything else. */
export function parseDuration(text: string): number | null {
  const match = /^([1-9][0-9]{0,6})([smhd])$/.exec(text);
  if (!match) return null;
  const ms = Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
  return ms >= durationLimits.leastMs && ms <= durationLimits.mostMs ? ms : null;
}

/** The shortest text that `parseDuration` reads as `ms`, a whole number of seconds. */
export function durationText(ms: number): string {
  const units = ["d", "h", "m", "s"] as const;
  const unit = units.find((one) => ms % unitMs[one] === 0) ?? "s";
  return `${ms / unitMs[unit]}${unit}`;
}
