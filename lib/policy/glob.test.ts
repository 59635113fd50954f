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

  test("something else entirely suggests nothing", () => {
    expect(nearest("zzz", keys)).toBeNull();
    expect(nearest("x".repeat(5000), keys)).toBeNull();
    expect(nearest("", keys)).toBeNull();
  });
});
