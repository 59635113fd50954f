import { describe, expect, test } from "vitest";
import { compareRuns, leastPassed, unlike, type Way, type WayRun } from "./conformance-compare";
import type { Check } from "./conformance-suite";

const check = (id: string, status: Check["status"] = "SUCCESS"): Check => ({ id, status, message: "" });
const run = (way: Way, scenarios: Record<string, Check[]>): WayRun => ({
  revision: "2025-11-25",
  way,
  run: new Map(Object.entries(scenarios)),
});
const one = { isWhole: false };

describe("the verdict on the conformance suite", () => {
  test("passes a scenario with the same checks on every way, once for each way", () => {
    const both = { ping: [check("a"), check("b", "INFO")] };
    expect(compareRuns([run("direct", both), run("rules", both)], one)).toMatchObject({ passed: 2, failed: 0 });
  });

  test.each([
    ["another status", [check("a"), check("b", "WARNING")]],
    ["a check less", [check("a")]],
    ["a check more", [check("a"), check("b"), check("c")]],
    ["another order", [check("b"), check("a")]],
  ])("fails a scenario through the gateway with %s", (_, checks) => {
    const runs = [run("direct", { ping: [check("a"), check("b")] }), run("rules", { ping: checks })];
    expect(compareRuns(runs, one)).toMatchObject({ passed: 1, failed: 1 });
    expect(unlike(runs)).toEqual([{ way: "rules", scenario: "ping" }]);
  });

  test("fails a scenario that did not run on one of the ways", () => {
    const runs = [run("direct", { ping: [check("a")] }), run("rules", {})];
    expect(compareRuns(runs, one)).toMatchObject({ passed: 1, failed: 1 });
  });

  test("fails a check that fails directly, also when it fails the same through the gateway", () => {
    const broken = { ping: [check("a", "FAILURE")] };
    const verdict = compareRuns([run("direct", broken), run("allow-all", broken)], one);
    expect(verdict.failed).toBe(1);
    expect(verdict.problems).toEqual(["2025-11-25 direct: ping: a FAILURE"]);
  });

  test("fails a whole run in which fewer checks pass directly than the suite has", () => {
    const checks = Array.from({ length: leastPassed["2025-11-25"] - 1 }, (_, at) => check(String(at)));
    expect(compareRuns([run("direct", { ping: checks })], { isWhole: true }).failed).toBe(1);
    checks.push(check("last"));
    expect(compareRuns([run("direct", { ping: checks })], { isWhole: true }).failed).toBe(0);
  });
});
