import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { windowOf, windows } from "./window";
import type { Window } from "./window";

const dayMs = 86_400_000;
const moment = fc.integer({ min: Date.UTC(1999, 0, 1), max: Date.UTC(2101, 0, 1) });
const anyWindow = fc.constantFrom(...windows);

/** ISO text of a window's bounds, which is how a person checks them. */
function bounds(at: string, window: Window): [string, string] {
  const span = windowOf(Date.parse(at), window);
  return [new Date(span.startMs).toISOString(), new Date(span.endMs).toISOString()];
}

describe("windowOf", () => {
  test("holds the moment it was asked for, and every moment inside gives the same window", () => {
    fc.assert(
      fc.property(moment, anyWindow, fc.double({ min: 0, max: 1, noNaN: true }), (now, window, part) => {
        const span = windowOf(now, window);
        expect(span.startMs <= now && now < span.endMs).toBe(true);
        const inside = span.startMs + Math.floor((span.endMs - span.startMs - 1) * part);
        expect(windowOf(inside, window)).toEqual(span);
      }),
      { numRuns: 2000 },
    );
  });

  test("windows touch: the end of one is the start of the next, over a hundred years", () => {
    fc.assert(
      fc.property(moment, anyWindow, (now, window) => {
        const span = windowOf(now, window);
        expect(windowOf(span.endMs, window).startMs).toBe(span.endMs);
        expect(windowOf(span.startMs - 1, window).endMs).toBe(span.startMs);
      }),
      { numRuns: 2000 },
    );
  });

  test("bounds agree with the UTC calendar field by field", () => {
    fc.assert(
      fc.property(moment, (now) => {
        const at = new Date(now).toISOString();
        expect(bounds(at, "minute")[0]).toBe(`${at.slice(0, 16)}:00.000Z`);
        expect(bounds(at, "hour")[0]).toBe(`${at.slice(0, 13)}:00:00.000Z`);
        expect(bounds(at, "day")[0]).toBe(`${at.slice(0, 10)}T00:00:00.000Z`);
        expect(bounds(at, "month")[0]).toBe(`${at.slice(0, 7)}-01T00:00:00.000Z`);
        expect(new Date(windowOf(now, "week").startMs).getUTCDay()).toBe(1);
        expect(windowOf(now, "week").startMs % dayMs).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });

  test("every day of 28 years lies in one day, one week that begins on Monday, one month", () => {
    for (let day = Date.UTC(2000, 0, 1); day < Date.UTC(2028, 0, 1); day += dayMs) {
      expect(windowOf(day, "day")).toEqual({ startMs: day, endMs: day + dayMs });
      expect((day - windowOf(day, "week").startMs) / dayMs).toBe((new Date(day).getUTCDay() + 6) % 7);
      expect((day - windowOf(day, "month").startMs) / dayMs).toBe(new Date(day).getUTCDate() - 1);
    }
  });

  test.each<[string, Window, string, string]>([
    ["2024-02-29T12:00:00Z", "day", "2024-02-29T00:00:00.000Z", "2024-03-01T00:00:00.000Z"],
    ["2024-02-29T23:59:59.999Z", "month", "2024-02-01T00:00:00.000Z", "2024-03-01T00:00:00.000Z"],
    ["2023-02-28T23:59:59.999Z", "month", "2023-02-01T00:00:00.000Z", "2023-03-01T00:00:00.000Z"],
    ["2100-02-28T23:59:59.999Z", "day", "2100-02-28T00:00:00.000Z", "2100-03-01T00:00:00.000Z"],
    ["2026-01-31T23:59:59.999Z", "day", "2026-01-31T00:00:00.000Z", "2026-02-01T00:00:00.000Z"],
    ["2026-12-31T23:59:59.999Z", "month", "2026-12-01T00:00:00.000Z", "2027-01-01T00:00:00.000Z"],
    ["2026-12-31T23:59:59.999Z", "minute", "2026-12-31T23:59:00.000Z", "2027-01-01T00:00:00.000Z"],
    ["2026-06-15T10:59:59.999Z", "hour", "2026-06-15T10:00:00.000Z", "2026-06-15T11:00:00.000Z"],
    ["2026-06-14T23:59:59.999Z", "week", "2026-06-08T00:00:00.000Z", "2026-06-15T00:00:00.000Z"],
    ["2026-06-15T00:00:00.000Z", "week", "2026-06-15T00:00:00.000Z", "2026-06-22T00:00:00.000Z"],
    ["2027-01-01T00:00:00.000Z", "week", "2026-12-28T00:00:00.000Z", "2027-01-04T00:00:00.000Z"],
    ["1969-12-31T23:59:59.999Z", "day", "1969-12-31T00:00:00.000Z", "1970-01-01T00:00:00.000Z"],
  ])("%s lies in the %s from %s to %s", (at, window, start, end) => {
    expect(bounds(at, window)).toEqual([start, end]);
  });
});
