import { expect, test } from "vitest";
import { BackOff } from "./back-off";

const times = { minMs: 1_000, maxMs: 30_000, steadyMs: 30_000 };

test("each failure doubles the wait from one second to thirty", () => {
  const backOff = new BackOff(times);
  const waits = [1, 2, 3, 4, 5, 6, 7].map(() => {
    backOff.fail("a", 0, 10);
    return backOff.remainingMs("a", 0);
  });
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(backOff.remainingMs("a", 29_999)).toBe(1);
  expect(backOff.remainingMs("a", 30_000)).toBe(0);
  expect(backOff.remainingMs("b", 0)).toBe(0);
});

test("what had been steady, or is another thing now, begins with the shortest wait again", () => {
  const backOff = new BackOff(times);
  for (let i = 0; i < 5; i++) backOff.fail("a", 0, 10);
  backOff.fail("a", 0, 30_000);
  expect(backOff.remainingMs("a", 0)).toBe(1_000);
  backOff.forget("a");
  expect(backOff.remainingMs("a", 0)).toBe(0);
});
