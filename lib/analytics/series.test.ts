import { expect, test } from "vitest";
import { toSeries } from "./series";

const first = Date.UTC(2026, 0, 1, 10);

test("every hour has a bucket, counts land in theirs, and what lies outside is left out", () => {
  const rows = [
    { hour: new Date(first), decision: "allow", count: 3 },
    { hour: new Date(first + 2 * 3_600_000), decision: "deny", count: 2 },
    { hour: new Date(first + 2 * 3_600_000), decision: "rate_limited", count: 1 },
    { hour: new Date(first + 2 * 3_600_000), decision: "hold", count: 9 },
    { hour: new Date(first - 3_600_000), decision: "allow", count: 100 },
    { hour: new Date(first + 3 * 3_600_000), decision: "allow", count: 100 },
  ];
  expect(toSeries(rows, first, 3)).toEqual([
    { at: "2026-01-01T10:00:00.000Z", allow: 3, deny: 0, rate_limited: 0 },
    { at: "2026-01-01T11:00:00.000Z", allow: 0, deny: 0, rate_limited: 0 },
    { at: "2026-01-01T12:00:00.000Z", allow: 0, deny: 2, rate_limited: 1 },
  ]);
});
