import type { Check, Revision, SuiteRun } from "./conformance-suite";

/** The ways to the everything server that are compared. */
export const ways = ["direct", "allow-all", "rules"] as const;
export type Way = (typeof ways)[number];

export interface WayRun {
  revision: Revision;
  way: Way;
  run: SuiteRun;
}

/** One line of the table. */
export interface Row {
  revision: Revision;
  way: Way;
  scenarios: number;
  passed: number;
  failed: number;
  warnings: number;
  /** Scenarios whose list of checks is not that of the direct run; of the direct run itself: scenarios with a failed check. */
  different: number;
}

export interface Verdict {
  rows: Row[];
  /** Scenarios, over all runs, that came out as they must. */
  passed: number;
  failed: number;
  /** What differs, a line each. */
  problems: string[];
}

/** How many checks the suite passes against the everything server directly; fewer means that the server lost something. */
export const leastPassed: Readonly<Record<Revision, number>> = { "2025-11-25": 84, "2026-07-28": 196 };

/**
 * Judges runs: direct, no check may fail (nor be lost, when `isWhole`: all scenarios ran); through the gateway, every scenario must
 * give the list of checks that it gives directly, with the same status of each, in the same order.
 */
export function compareRuns(runs: readonly WayRun[], { isWhole }: { isWhole: boolean }): Verdict {
  const verdict: Verdict = { rows: [], passed: 0, failed: 0, problems: [] };
  for (const one of runs) {
    const direct = directOf(runs, one);
    const problems = problemsOf(runs, one);
    const names = new Set([...one.run.keys(), ...(direct?.run.keys() ?? [])]);
    const row = toRow(one, new Set(problems.map(({ scenario }) => scenario)).size);
    verdict.rows.push(row);
    verdict.failed += row.different;
    verdict.passed += names.size - row.different;
    for (const { scenario, text } of problems) {
      verdict.problems.push(`${one.revision} ${one.way}: ${scenario}: ${text}`);
    }
    if (isWhole && one.way === "direct" && row.passed < leastPassed[one.revision]) {
      verdict.failed += 1;
      verdict.problems.push(
        `${one.revision} direct: ${String(row.passed)} passed, ${String(leastPassed[one.revision])} wanted`,
      );
    }
  }
  return verdict;
}

/** The scenarios of runs that did not come out as `compareRuns` wants them. */
export function unlike(runs: readonly WayRun[]): { way: Way; scenario: string }[] {
  return runs.flatMap((one) => {
    const scenarios = new Set(problemsOf(runs, one).map(({ scenario }) => scenario));
    return [...scenarios].map((scenario) => ({ way: one.way, scenario }));
  });
}

function directOf(runs: readonly WayRun[], one: WayRun): WayRun | undefined {
  return runs.find(({ revision, way }) => revision === one.revision && way === "direct");
}

function problemsOf(runs: readonly WayRun[], one: WayRun): Problem[] {
  const direct = directOf(runs, one);
  return one.way === "direct" || !direct ? ownProblems(one) : differences(one, direct.run);
}

interface Problem {
  scenario: string;
  text: string;
}

function ownProblems({ run }: WayRun): Problem[] {
  return [...run].flatMap(([scenario, checks]) =>
    checks.filter((check) => check.status === "FAILURE").map((check) => ({ scenario, text: textOf(check) })),
  );
}

function differences({ run }: WayRun, direct: SuiteRun): Problem[] {
  const problems: Problem[] = [];
  for (const [scenario, checks] of run) if (!direct.has(scenario)) problems.push({ scenario, text: listOf(checks) });
  for (const [scenario, wanted] of direct) {
    const found = run.get(scenario);
    if (!found) problems.push({ scenario, text: "did not run" });
    else if (listOf(found) !== listOf(wanted)) problems.push({ scenario, text: difference(wanted, found) });
  }
  return problems;
}

const listOf = (checks: readonly Check[]) => checks.map(({ id, status }) => `${id} ${status}`).join("\n");

function difference(wanted: readonly Check[], found: readonly Check[]): string {
  const at = wanted.findIndex(({ id, status }, index) => id !== found[index]?.id || status !== found[index]?.status);
  const [want, got] = at < 0 ? [undefined, found[wanted.length]] : [wanted[at], found[at]];
  return `directly ${want ? textOf(want) : "nothing more"}; here ${got ? textOf(got) : "nothing more"}`;
}

function textOf({ id, status, message }: Check): string {
  return `${id} ${status}${message === "" ? "" : ` (${message})`}`;
}

function toRow({ revision, way, run }: WayRun, different: number): Row {
  const checks = [...run.values()].flat();
  const count = (status: Check["status"]) => checks.filter((check) => check.status === status).length;
  const [passed, failed, warnings] = [count("SUCCESS"), count("FAILURE"), count("WARNING")];
  return { revision, way, scenarios: run.size, passed, failed, warnings, different };
}
