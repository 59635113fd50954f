import { expect, test } from "vitest";
import { parseBearerChallenge } from "./oauth-challenge";

const nothing = { resourceMetadata: null, scopes: [], error: null };

test.each([
  ["a bare scheme", "Bearer", nothing],
  [
    "any case, quoted and plain values",
    `bEARER Scope="a b", error=insufficient_scope`,
    {
      resourceMetadata: null,
      scopes: ["a", "b"],
      error: "insufficient_scope",
    },
  ],
  [
    "spaces around =, commas in quotes, escapes",
    `Bearer realm = "x, y=z" , resource_metadata="https://a/\\"b"`,
    {
      ...nothing,
      resourceMetadata: `https://a/"b`,
    },
  ],
  ["another scheme before it", `Basic realm="x", Bearer scope="s"`, { ...nothing, scopes: ["s"] }],
  [
    "another scheme after it, whose parameters are not its own",
    `Bearer scope="s", DPoP scope="t", error="e"`,
    {
      ...nothing,
      scopes: ["s"],
    },
  ],
  ["a token68 scheme before it", `Negotiate abc==, Bearer error="e"`, { ...nothing, error: "e" }],
  [
    "a parameter that stands twice counts as it stood first",
    `Bearer scope="a", scope="b"`,
    { ...nothing, scopes: ["a"] },
  ],
  [
    "scopes once each, without what is no scope token",
    `Bearer scope="a a  b c\\\\d"`,
    { ...nothing, scopes: ["a", "b"] },
  ],
])("%s", (_, header, wanted) => {
  expect(parseBearerChallenge(header)).toEqual(wanted);
});

test.each([null, "", "Basic realm=x", "=", `"Bearer"`, "x".repeat(20_000), `scope="a"`])(
  "no challenge in %j",
  (header) => {
    expect(parseBearerChallenge(header)).toBeNull();
  },
);

test("a hostile header costs no time that grows with its square", () => {
  const from = performance.now();
  parseBearerChallenge(`Bearer ${"a=".repeat(8000)}`);
  parseBearerChallenge(`Bearer a="${"\\\\".repeat(8000)}`);
  expect(performance.now() - from).toBeLessThan(500);
});
