import type { Problem } from "@/lib/policy/types";
import { harmless, type Paint } from "./paint";

/** `file:line:column: error code message`, and the hint below it: what editors and CI systems turn into links. */
export function problemLines(file: string, problems: readonly Problem[], paint: Paint): string[] {
  return problems.flatMap(({ severity, code, line, column, message, hint }) => {
    const word = paint(severity === "error" ? "red" : "yellow", severity);
    const head = `${file}:${line}:${column}: ${word} ${paint("bold", code)} ${harmless(message)}`;
    return hint === undefined ? [head] : [head, paint("dim", `    hint: ${harmless(hint)}`)];
  });
}

/** `2 errors, 1 warning`; "no problems" when there is nothing. */
export function problemCount(problems: readonly Problem[]): string {
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const parts = [countOf(errors, "error"), countOf(problems.length - errors, "warning")].filter((part) => part !== "");
  return parts.join(", ") || "no problems";
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === "error");
}

/** `1 test`, `2 tests`; "" for none. */
export function countOf(count: number, noun: string): string {
  if (count === 0) return "";
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
