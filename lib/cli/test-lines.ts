import type { TestResult } from "@/lib/policy/run-tests";
import { harmless, type Paint } from "./paint";

/** The lines of one test: its name, and where it failed what was wanted and what came. */
export function testLines(result: TestResult, paint: Paint): string[] {
  const name = harmless(result.name);
  if (result.ok) return [`  ${paint("green", "ok    ")}  ${name}`];
  const wanted = result.expectedRule === null ? result.expected : `${result.expected} by ${result.expectedRule}`;
  const came = result.rule === "" ? result.actual : `${result.actual} by ${result.rule}`;
  return [
    `  ${paint("red", "not ok")}  ${name} ${paint("dim", `(line ${result.line})`)}`,
    `          expected ${harmless(wanted)}`,
    `          came     ${harmless(came)}`,
  ];
}

/** The last line of a run. */
export function testSummary(passed: number, failed: number, paint: Paint): string {
  const counts = `${passed} passed, ${failed} failed`;
  return paint(failed > 0 ? "red" : "green", counts);
}
