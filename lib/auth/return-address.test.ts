import { expect, test } from "vitest";
import { signInAddress } from "./return-address";

test.each([
  ["/logs?decision=deny&_rsc=1a2b3", "/login?callbackUrl=%2Flogs%3Fdecision%3Ddeny"],
  ["/oauth/authorize?a=1&b=x?y=2", "/login?callbackUrl=%2Foauth%2Fauthorize%3Fa%3D1%26b%3Dx%3Fy%3D2"],
  ["/policies/1", "/login?callbackUrl=%2Fpolicies%2F1"],
  ["/policies/1?_rsc=x", "/login?callbackUrl=%2Fpolicies%2F1"],
])("a signed-out visitor of %s comes back to it after signing in", (path, address) => {
  expect(signInAddress(path)).toBe(address);
});

test.each([null, "/", "/overview", "", "https://evil.example/"])("%j leads to the plain sign-in page", (path) => {
  expect(signInAddress(path)).toBe("/login");
});
