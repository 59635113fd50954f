import { expect, test } from "vitest";
import { bearerOf, hasBearer } from "./bearer";

test("A9 only one well-formed bearer token is one", () => {
  expect(bearerOf("Bearer abc")).toBe("abc");
  expect(bearerOf("bEaReR abc")).toBe("abc");
  for (const bad of [
    null,
    "",
    "Bearer",
    "Bearer ",
    "Bearer  abc",
    "Bearer abc ",
    "Bearer a b",
    "Basic abc",
    `Bearer ${"x".repeat(201)}`,
  ]) {
    expect(bearerOf(bad)).toBeNull();
  }
});

test("A7 a header that names the Bearer scheme counts as one, with a token or without; other schemes do not", () => {
  for (const header of ["Bearer", "bearer ", "BEARER x", "Bearer a, Bearer b", "Bearer\tx"])
    expect(hasBearer(header)).toBe(true);
  for (const header of [null, "", "Basic Bearer", "Bearerx", "Bearer,x", "x Bearer y"])
    expect(hasBearer(header)).toBe(false);
});
