import { expect, test } from "vitest";
import { toArray } from "./parameters";

test("an array literal keeps quotes, backslashes, commas, braces, NULL as a word and null apart", () => {
  expect(toArray([])).toBe("{}");
  expect(toArray(['a"b', "c\\d", "e,f", "{g}", "NULL", null, ""])).toBe(
    '{"a\\"b","c\\\\d","e,f","{g}","NULL",NULL,""}',
  );
});
