import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isGlob, matchesGlob } from "./glob";
import { nearest } from "./nearest";

describe("matchesGlob", () => {
  test("agrees with a regular expression built from the pattern", () => {
    const unit = fc.constantFrom("a", "b", "_", "/", ".", "*", "?", "\\", "\n");
    const word = fc.array(unit, { maxLength: 8 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(word, word, (pattern, text) => {
        const escaped = pattern
          .replace(/[.\\/]/g, "\\$&")
          .replaceAll("*", "[^]*")
          .replaceAll("?", "[^]");
        expect(matchesGlob(pattern, text)).toBe(new RegExp(`^${escaped}$`).test(text));
      }),
      { numRuns: 5000 },
    );
  });

  test("covers the whole text, case and all", () => {
    expect(matchesGlob("create_*", "create_charge")).toBe(true);
    expect(matchesGlob("create_*", "re_create_charge")).toBe(false);
    expect(matchesGlob("create_*", "Create_charge")).toBe(false);
    expect(matchesGlob("", "")).toBe(true);
    expect(matchesGlob("*", "")).toBe(true);
  });

  test("many stars against a long text that almost matches stay quick", () => {
    expect(matchesGlob("*a".repeat(40) + "b", "a".repeat(20_000))).toBe(false);
  });

  test("only stars and question marks make a pattern", () => {
    expect(isGlob("drop_*") && isGlob("v?")).toBe(true);
    expect(isGlob("a[b]") || isGlob("plain.name")).toBe(false);
  });
});

describe("nearest", () => {
  const keys = ["conditions", "on_deny", "rate_limit", "name"];

  test.each([
    ["condition", "conditions"],
    ["on_dney", "on_deny"],
    ["rate-limit", "rate_limit"],
    ["Name", "name"],
    ["nme", "name"],
  ])("%s is taken for %s", (typed, meant) => {
    expect(nearest(typed, keys)).toBe(meant);
  });

  test("a third of the letters may differ, at least one", () => {
    expect(["abc", "ab", "a"].map((word) => nearest(word, ["abd"]))).toEqual(["abd", "abd", null]);
    expect(nearest("axy", ["abd"])).toBeNull();
    expect(nearest("abcdxy", ["abcdef"])).toBe("abcdef");
    expect(nearest("abcxyz", ["abcdef"])).toBeNull();
    expect(nearest("abcdefghi", ["abcdef"])).toBe("abcdef");
    expect(nearest("abcdefghij", ["abcdef"])).toBeNull();
  });

  test("letters that changed places count once, and so does each that is missing, added or replaced", () => {
    expect(["abdc", "bacd"].map((word) => nearest(word, ["abcd"]))).toEqual(["abcd", "abcd"]);
    expect(nearest("badc", ["abcd"])).toBeNull();
    expect(nearest("dabc", ["abcd"])).toBeNull();
    expect(["bcd", "abcde", "xbcd"].map((word) => nearest(word, ["abcd"]))).toEqual(["abcd", "abcd", "abcd"]);
  });

  test("the closest wins, and of two equally close ones the earlier", () => {
    expect(nearest("abcdef", ["abcxyf", "abcdex"])).toBe("abcdex");
    expect(nearest("abcdef", ["xbcdef", "abcdex"])).toBe("xbcdef");
    expect(nearest("ABCDEF", ["abcdef"])).toBe("abcdef");
  });

  test("words of more than 64 letters are left alone", () => {
    expect(nearest("a".repeat(64), ["a".repeat(63)])).toBe("a".repeat(63));
    expect(nearest("a".repeat(65), ["a".repeat(64)])).toBeNull();
  });

  test("something else entirely suggests nothing", () => {
    expect(nearest("zzz", keys)).toBeNull();
    expect(nearest("x".repeat(5000), keys)).toBeNull();
    expect(nearest("", keys)).toBeNull();
  });
});
