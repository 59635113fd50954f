import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { toText } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { windowOf, windows } from "@/lib/quota/window";
import { timeParts, windowEnd } from "@/lib/testing/policy-oracle-time";
import { timeFact, weekdays } from "./time-facts";

const instant = fc
  .integer({ min: Date.UTC(1999, 0, 1), max: Date.UTC(2101, 0, 1) })
  .map((ms) => new Date(ms).toISOString());

describe("the parts of a time", () => {
  test("Q6 agree with a calendar that is counted by hand, over a hundred years", () => {
    fc.assert(
      fc.property(instant, (now) => {
        const { hour, minute, weekday, date } = timeParts(now);
        expect(toText(timeFact("hour", now) as Decimal)).toBe(String(hour));
        expect(toText(timeFact("minute", now) as Decimal)).toBe(String(minute));
        expect(timeFact("weekday", now)).toBe(weekday);
        expect(timeFact("date", now)).toBe(date);
      }),
      { numRuns: 3000 },
    );
  });

  test("a week has seven names, in the order of ISO 8601", () => {
    const days = Array.from({ length: 7 }, (_, day) => timeFact("weekday", `2026-06-${15 + day}T00:00:00.000Z`));
    expect(days).toEqual([...weekdays]);
    expect(weekdays[0]).toBe("monday");
  });

  test("a part that does not exist is absent, and so is every part of no time", () => {
    expect(timeFact("second", "2026-06-15T00:00:00Z")).toBeUndefined();
    expect(timeFact("hour", "")).toBeUndefined();
  });
});

test("Q6 windows end where the calendar that is counted by hand says", () => {
  fc.assert(
    fc.property(instant, fc.constantFrom(...windows), (now, window) => {
      expect(new Date(windowOf(Date.parse(now), window).endMs).toISOString()).toBe(windowEnd(now, window));
    }),
    { numRuns: 3000 },
  );
});
