import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { scanBundle } from "./bundle-scan.mjs";
import { readPlaywright, readVitest } from "./test-reports.mjs";

const vitest = (...statuses: string[]) => ({
  name: "a.test.ts",
  status: statuses.includes("failed") ? "failed" : "passed",
  message: "",
  assertionResults: statuses.map((status) => ({ status, fullName: `test ${status}`, failureMessages: ["because"] })),
});

describe("the sum of npm test", () => {
  test("counts passed and failed tests of all files", () => {
    const report = { testResults: [vitest("passed", "passed"), vitest("passed", "failed")] };
    expect(readVitest(report)).toMatchObject({ passed: 3, failed: 1 });
  });

  test("counts a skipped test as failed", () => {
    expect(readVitest({ testResults: [vitest("passed", "skipped")] })).toMatchObject({ passed: 1, failed: 1 });
  });

  test("counts a file that could not be loaded as failed", () => {
    const broken = { name: "b.test.ts", status: "failed", message: "SyntaxError", assertionResults: [] };
    const read = readVitest({ testResults: [vitest("passed"), broken] });
    expect(read).toMatchObject({ passed: 1, failed: 1 });
    expect(read.text).toContain("SyntaxError");
  });

  test("counts a journey that passed only when repeated as failed", () => {
    const specs = ["expected", "flaky", "unexpected"].map((status) => ({
      file: "x.spec.ts",
      title: status,
      tests: [{ status }],
    }));
    const report = { errors: [], suites: [{ suites: [{ specs }] }] };
    expect(readPlaywright(report)).toMatchObject({ passed: 1, failed: 2 });
  });

  test("counts a journey run that could not start as failed", () => {
    expect(readPlaywright({ errors: [{ message: "no server" }], suites: [] })).toMatchObject({ passed: 0, failed: 1 });
  });
});

describe("the bundle scan", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), "policylayer-scan-"));
    mkdirSync(path.join(folder, "chunks"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("finds server text in what browsers load", () => {
    writeFileSync(path.join(folder, "chunks/a.js"), "var a=1");
    expect(scanBundle(folder)).toEqual([]);
    writeFileSync(path.join(folder, "chunks/b.js"), "new PrismaClient()");
    expect(scanBundle(folder)).toEqual([`${path.join(folder, "chunks/b.js")} holds PrismaClient`]);
  });

  test("does not pass when there is nothing to scan", () => {
    expect(() => scanBundle(folder)).toThrow("nothing was scanned");
  });
});
