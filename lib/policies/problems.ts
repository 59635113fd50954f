import type { Issue } from "@/lib/kernel/errors";
import type { TestResult } from "@/lib/policy/run-tests";
import type { Problem } from "@/lib/policy/types";

/** Findings of the policy checks in the shape of API issues, in the order of the text. */
export function toIssues(problems: readonly Problem[]): Issue[] {
  return problems.map(({ path, message, hint, line, column, severity, code }) => ({
    path,
    message,
    line,
    column,
    severity,
    code,
    ...(hint === undefined ? {} : { fix: hint }),
  }));
}

/** A failed test in the shape of an API issue. */
export function toTestIssue({ name, line, expected, actual, rule, expectedRule }: TestResult): Issue {
  const by = rule === "" ? "" : ` by ${rule}`;
  const wanted = expectedRule === null ? expected : `${expected} by ${expectedRule}`;
  const message = `Test "${name}": expected ${wanted}, got ${actual}${by}`;
  return { path: "/tests", message, line, column: 1, severity: "error", code: "test" };
}
