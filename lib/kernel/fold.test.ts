import { expect, test } from "vitest";
import { foldKey } from "./fold";

test.each([
  ["Method", "method"],
  ["param\u017f", "params"],
  ["\u212aey", "key"],
  ["ＡＭＯＵＮＴ", "amount"],
  ["straße", "STRASSE"],
  ["ﬁle", "FILE"],
  ["e\u0301", "\u00c9"],
  ["ΣΊΣΥΦΟΣ", "σίσυφος"],
])("W7 %j folds to what %j folds to", (one, other) => {
  expect(foldKey(one)).toBe(foldKey(other));
});

test("different keys stay different, and folding twice changes nothing", () => {
  const keys = ["a", "b", "amount", "amounts", "аmount", "a_b", "a-b", "", "é", "e"];
  expect(new Set(keys.map(foldKey)).size).toBe(keys.length);
  for (const key of keys) expect(foldKey(foldKey(key))).toBe(foldKey(key));
});
