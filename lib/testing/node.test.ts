import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

const wanted = process.env.POLICYLAYER_TEST_NODE ?? process.version;

test("tests run on the Node that started them, not on one that a package brought", () => {
  expect(process.version).toBe(wanted);
});

test("the first node on PATH is the same Node, so child processes run on it too", () => {
  expect(execFileSync("node", ["--version"], { encoding: "utf8" }).trim()).toBe(wanted);
});
