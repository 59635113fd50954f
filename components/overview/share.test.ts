import { expect, test } from "vitest";
import { groupDigits, shareOf } from "./share";

test("a share is rounded down, so that 99.9 % never reads as full", () => {
  expect(shareOf("999", "1000")).toBe(99);
  expect(shareOf("1000", "1000")).toBe(100);
  expect(shareOf("0.5", "1")).toBe(50);
  expect(shareOf("0", "0")).toBe(100);
  expect(shareOf("10", null)).toBeNull();
});

test("digits are grouped without losing any", () => {
  expect(groupDigits("12345678901234567890.125")).toBe("12,345,678,901,234,567,890.125");
  expect(groupDigits("-1000")).toBe("-1,000");
  expect(groupDigits("7")).toBe("7");
});
