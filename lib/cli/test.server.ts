import "server-only";
import { runPolicyTests, type TestRun } from "@/lib/policy/run-tests";
import type { Problem } from "@/lib/policy/types";
import type { Invocation } from "./commands";
import { sha256 } from "./digest.server";
import { exits, type Exit } from "./exit-codes";
import { hasErrors, problemCount, problemLines } from "./problem-lines";
import { readFiles } from "./read-files";
import type { Terminal } from "./terminal";
import { testLines, testSummary } from "./test-lines";

interface FileRun extends TestRun {
  file: string;
  isBroken: boolean;
}

/** One line of the JSON answer. */
interface Result {
  file: string;
  name: string;
  ok: boolean;
  expected: string;
  actual: string;
  rule: string;
}

/** `policylayer test`: runs the tests of all files by the evaluator of the gateway; a file with errors is one failure. */
export async function runTest(asked: Invocation, terminal: Terminal): Promise<Exit> {
  const texts = await readFiles(terminal, asked.files);
  const runs = texts.map(({ file, text }): FileRun => {
    const run = runPolicyTests(text, { digest: sha256 });
    return { file, ...run, isBroken: hasErrors(run.problems) };
  });
  const results = runs.flatMap(resultsOf);
  const failed = results.filter((result) => !result.ok).length;
  for (const run of runs) warn(run, terminal);
  if (asked.has("json")) {
    const problems = runs.filter((run) => run.isBroken).flatMap(problemsOf);
    const answer = { passed: results.length - failed, failed, results, ...(problems.length > 0 ? { problems } : {}) };
    terminal.out(JSON.stringify(answer, null, 2));
  } else print(runs, results.length - failed, failed, terminal);
  return failed > 0 ? exits.failed : exits.ok;
}

function resultsOf({ file, isBroken, results }: FileRun): Result[] {
  if (isBroken) return [{ file, name: "(check)", ok: false, expected: "valid", actual: "errors", rule: "" }];
  return results.map(({ name, ok, expected, actual, rule }) => ({ file, name, ok, expected, actual, rule }));
}

function problemsOf({ file, problems }: FileRun): (Problem & { file: string })[] {
  return problems.map((problem) => ({ file, ...problem }));
}

function warn({ file, isBroken, problems, results }: FileRun, { err, paintErr }: Terminal): void {
  if (isBroken) for (const line of problemLines(file, problems, paintErr)) err(line);
  else if (results.length === 0) err(`${file}: ${paintErr("yellow", "warning")} it has no tests`);
}

function print(runs: readonly FileRun[], passed: number, failed: number, { out, paint }: Terminal): void {
  for (const { file, isBroken, problems, results } of runs) {
    if (isBroken)
      out(`${paint("bold", file)}\n  ${paint("red", "not ok")}  ${problemCount(problems)}, no test was run`);
    if (isBroken || results.length === 0) continue;
    out(paint("bold", file));
    for (const line of results.flatMap((result) => testLines(result, paint))) out(line);
  }
  out(testSummary(passed, failed, paint));
  const failure = runs
    .flatMap(({ file, results }) => results.map((result) => ({ file, ...result })))
    .find(({ ok }) => !ok);
  if (failure) out(paint("dim", `Why: policylayer explain ${failure.file} --test ${JSON.stringify(failure.name)}`));
}
