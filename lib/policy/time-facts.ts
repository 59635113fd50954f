import { decimalOf } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";

/** Days as `time.weekday` names them, in the order of ISO 8601: Monday first. */
export const weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

/**
 * One part of the time of a call, in UTC: `hour` 0–23 and `minute` 0–59 as numbers, `weekday` as a word, `date` as `2026-01-31`.
 * Undefined when `now` is no instant, which leaves conditions on it in doubt.
 */
export function timeFact(part: string, now: string): Value | undefined {
  const at = new Date(now);
  if (Number.isNaN(at.getTime())) return undefined;
  switch (part) {
    case "hour":
      return decimalOf(at.getUTCHours());
    case "minute":
      return decimalOf(at.getUTCMinutes());
    case "weekday":
      return weekdays[(at.getUTCDay() + 6) % 7];
    case "date":
      return at.toISOString().slice(0, 10);
    default:
      return undefined;
  }
}
