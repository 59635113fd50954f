import type { Problem } from "@/lib/policy/types";
import type { TestResult } from "@/lib/policy/run-tests";
import { harmless, type Paint } from "./paint";
import { countOf, hasErrors, problemLines } from "./problem-lines";
import { testLines } from "./test-lines";

/** What applying one file would do. */
export interface Step {
  readonly file: string;
  readonly policy: string;
  readonly text: string;
  readonly action: "create" | "update" | "none";
  /** Id and live version on the gateway; null where there is none. */
  readonly id: string | null;
  readonly liveVersion: number | null;
  /** What changes for agents, in words. */
  readonly summary: readonly string[];
  /** Counters that begin anew. */
  readonly counters: readonly string[];
  readonly problems: readonly Problem[];
  readonly tests: { readonly passed: number; readonly failed: number; readonly failures: readonly TestResult[] };
}

/** Why a step must not be applied; null when it may. */
export function blockOf(step: Step, allowFailingTests: boolean): "errors" | "tests" | null {
  if (hasErrors(step.problems)) return "errors";
  return step.tests.failed > 0 && !allowFailingTests && step.action !== "none" ? "tests" : null;
}

const marks = { create: ["+", "green"], update: ["~", "yellow"], none: ["=", "dim"] } as const;

/** A step for people. */
export function stepLines(step: Step, paint: Paint): string[] {
  const [mark, colour] = marks[step.action];
  const { passed, failed } = step.tests;
  const tests = passed + failed === 0 ? paint("dim", "no tests in the file") : testCount(passed, failed, paint);
  return [
    `${paint(colour, mark)} ${paint("bold", harmless(step.policy))}: ${paint(colour, headOf(step))}`,
    ...step.summary.map((line) => `    ${harmless(line)}`),
    ...step.counters.map((line) => `    ${paint("yellow", "begins anew:")} ${harmless(line)}`),
    ...problemLines(step.file, step.problems, paint).map((line) => `    ${line}`),
    `    ${tests}`,
    ...step.tests.failures.flatMap((failure) => testLines(failure, paint).map((line) => `  ${line}`)),
  ];
}

function headOf({ action, liveVersion }: Step): string {
  if (action === "create") return "create";
  if (action === "none") return `unchanged, version ${String(liveVersion)} is live`;
  return liveVersion === null ? "publish its first version" : `update of live version ${liveVersion}`;
}

function testCount(passed: number, failed: number, paint: Paint): string {
  return failed > 0
    ? paint("red", `${countOf(failed, "test")} failed, ${passed} passed`)
    : `${countOf(passed, "test")} passed`;
}

/** `Plan: 1 to create, 2 to update, 3 unchanged.` */
export function planSummary(steps: readonly Step[]): string {
  const of = (action: Step["action"]): number => steps.filter((step) => step.action === action).length;
  return `Plan: ${of("create")} to create, ${of("update")} to update, ${of("none")} unchanged.`;
}

/** A step for programs; the text stays in its file. */
export function stepJson(step: Step): object {
  const { file, policy, action, id, liveVersion, summary, counters, problems, tests } = step;
  const { passed, failed } = tests;
  return { file, policy, action, id, liveVersion, summary, counters, problems, tests: { passed, failed } };
}

/** The name of a policy from its file's: `policies/payments.yaml` is `payments`. */
export function policyNameOf(file: string): string {
  const name = file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1);
  return name.replace(/\.(ya?ml|json)$/i, "");
}
