import { expect, test } from "vitest";
import { parseList, parseSeconds, timeoutText } from "./setting-words";

test.each([
  ["", null],
  ["  ", null],
  ["5", 5000],
  ["0.5", 500],
  ["0,25", 250],
  ["90", 90_000],
  ["five", NaN],
  ["-1", NaN],
  ["1e3", NaN],
  ["0.0001", NaN],
])("seconds of %j", (text, ms) => {
  expect(parseSeconds(text)).toEqual(ms);
});

test("a time-out says whether it is the server's own", () => {
  expect(timeoutText("connectMs", null)).toBe("5 s, the default");
  expect(timeoutText("connectMs", 1500)).toBe("1.5 s");
});

test("lists may be written with commas or line breaks", () => {
  expect(parseList("x-tenant, x-region\n\n x-team ,")).toEqual(["x-tenant", "x-region", "x-team"]);
  expect(parseList(" \n")).toEqual([]);
});
