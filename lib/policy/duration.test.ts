import fc from "fast-check";
import { expect, test } from "vitest";
import { durationLimits, durationText, parseDuration } from "./duration";

test.each([
  ["10s", 10_000],
  ["90s", 90_000],
  ["30m", 1_800_000],
  ["8h", 28_800_000],
  ["2d", 172_800_000],
  ["7d", 604_800_000],
  ["168h", 604_800_000],
  ["604800s", 604_800_000],
  ["1m", 60_000],
])("%s is a duration", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  "",
  "0s",
  "9s",
  "8d",
  "169h",
  "604801s",
  "10",
  "s",
  "10 s",
  " 10s",
  "10s ",
  "1.5h",
  "-30m",
  "+30m",
  "030m",
  "1w",
])("%j is none", (text) => {
  expect(parseDuration(text)).toBeNull();
});

test.each(["10S", "1e3s", "10ms", "1h30m", "10000000s", "\n30m", "30m\n", "constructor"])("%j is none", (text) => {
  expect(parseDuration(text)).toBeNull();
});

test.each([
  [604_800_000, "7d"],
  [86_400_000, "1d"],
  [90_000, "90s"],
  [1_800_000, "30m"],
  [5_400_000, "90m"],
  [7_200_000, "2h"],
  [129_600_000, "36h"],
])("%d ms are written in the largest unit that is whole: %s", (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test("whatever is written is read back, and stays within the limits", () => {
  const seconds = fc.integer({ min: durationLimits.leastMs / 1000, max: durationLimits.mostMs / 1000 });
  fc.assert(
    fc.property(seconds, (count) => {
      expect(parseDuration(durationText(count * 1000))).toBe(count * 1000);
      expect(parseDuration(`${count}s`)).toBe(count * 1000);
    }),
  );
});
