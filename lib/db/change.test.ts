import { expect, test } from "vitest";
import { parsePayload, toPayload, type Change } from "./change";

const change: Change = { topic: "grants", orgId: "7f0c1a52-6f4d-4d0e-9a53-0d8c0a2b1c3d", id: "g" };

test("a change survives the way through the database", () => {
  expect(parsePayload(toPayload(change))).toEqual(change);
});

test.each([
  ["no JSON", "grants"],
  ["an unknown topic", JSON.stringify({ ...change, topic: "secrets" })],
  ["a foreign organisation id", JSON.stringify({ ...change, orgId: "x" })],
  ["an extra member", JSON.stringify({ ...change, extra: 1 })],
  ["nothing", ""],
])("a notification with %s is not a change", (_name, text) => {
  expect(parsePayload(text)).toBeNull();
});

test("a change that could not be read back is not sent", () => {
  expect(() => toPayload({ ...change, id: "" })).toThrow();
});
