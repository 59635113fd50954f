import fc from "fast-check";
import { expect, test } from "vitest";
import { toLogText, toLogTexts } from "./log-text";

test("L5 NUL and half surrogate pairs become U+FFFD, everything else stays", () => {
  expect(toLogText("a\0b\ud800c\udc00d😀\n\u001b[31m", 99)).toBe("a\ufffdb\ufffdc\ufffdd😀\n\u001b[31m");
});

test("L5 a text over its length is cut and marked, also through a surrogate pair", () => {
  expect(toLogText("abcdef", 6)).toBe("abcdef");
  expect(toLogText("abcdefg", 6)).toBe("abcde…");
  expect(toLogText("abcd😀fg", 6)).toBe("abcd\ufffd…");
  expect(toLogText("x".repeat(1_048_576), 200)).toHaveLength(200);
});

test("a list over its length ends with the mark", () => {
  expect(toLogTexts(["a", "bcd", "e"], 3, 2)).toEqual(["a", "b…", "e"]);
  expect(toLogTexts(["a", "b", "c"], 2, 2)).toEqual(["a", "…"]);
});

test("whatever goes in, the result has a UTF-8 form and PostgreSQL takes it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 20 }), (text, max) => {
      const kept = toLogText(text, max);
      expect(kept.length).toBeLessThanOrEqual(max);
      expect(kept).not.toContain("\0");
      expect(new TextDecoder().decode(new TextEncoder().encode(kept))).toBe(kept);
    }),
  );
});
