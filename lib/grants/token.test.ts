import { expect, test } from "vitest";
import { hashOf, isWellFormed, makeToken, sameHash } from "./token.server";

test("A1 tokens have the documented form, differ, and their hash does not contain them", () => {
  const tokens = Array.from({ length: 200 }, makeToken);
  expect(new Set(tokens).size).toBe(200);
  for (const token of tokens) {
    expect(token).toMatch(/^plg_[0-9A-Za-z]{49}$/);
    expect(isWellFormed(token)).toBe(true);
    expect(hashOf(token)).toMatch(/^[0-9a-f]{64}$/);
  }
});

test("A1 every single changed character is caught by the checksum, before any look-up", () => {
  const token = makeToken();
  for (let index = 4; index < token.length; index += 1) {
    const other = token[index] === "x" ? "y" : "x";
    expect(isWellFormed(token.slice(0, index) + other + token.slice(index + 1))).toBe(false);
  }
});

test("A9 malformed tokens are refused without an exception", () => {
  const token = makeToken();
  for (const text of [
    "",
    " ",
    "%ZZ",
    "plg_",
    token.slice(0, -1),
    `${token}0`,
    `${token}\n`,
    "x".repeat(10_240),
    "plg_é",
  ]) {
    expect(isWellFormed(text)).toBe(false);
  }
});

test("A1 digests compare by value whatever their length", () => {
  expect(sameHash("ab", "ab")).toBe(true);
  expect(sameHash("ab", "ac")).toBe(false);
  expect(sameHash("ab", "abc")).toBe(false);
});
