import type { Issue } from "@/lib/kernel/errors";
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
