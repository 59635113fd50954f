import { expect, test } from "vitest";
import { prefixForm } from "@/lib/bundles/schema";
import { prefixFrom } from "./prefix-from";

test.each([
  ["Payments", "payments"],
  ["  GitHub (prod) ", "github-prod"],
  ["Zahlungen für Köln", "zahlungen-fu-r-ko-ln"],
  ["x".repeat(40), "x".repeat(24)],
])("the prefix for %j is one that is allowed", (name, prefix) => {
  expect(prefixFrom(name)).toBe(prefix);
  expect(prefixFrom(name)).toMatch(prefixForm);
});

test("a name with nothing to take suggests nothing", () => {
  expect(prefixFrom("支払い")).toBe("");
});
