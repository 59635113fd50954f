import { expect, test } from "vitest";
import { returnPath } from "./return-path";

const origin = "https://gate.example";

test.each([
  ["/logs?decision=deny", "/logs?decision=deny"],
  ["https://gate.example/grants", "/grants"],
  [null, "/overview"],
  ["", "/overview"],
])("own paths are kept: %s", (wanted, path) => {
  expect(returnPath(wanted, origin)).toBe(path);
});

test.each([
  "https://evil.example/logs",
  "//evil.example",
  "/\\evil.example",
  "javascript:alert(1)",
  "http://gate.example/logs",
  "https://gate.example.evil.example/",
  "https://gate.example@evil.example/",
  "/login?callbackUrl=/login",
  "/api/auth/signout",
  "data:text/html,x",
])("a hostile callbackUrl leads to the overview: %s", (wanted) => {
  expect(returnPath(wanted, origin)).toBe("/overview");
});
