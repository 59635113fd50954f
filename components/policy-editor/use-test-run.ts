"use client";

import { useEffect, useState } from "react";
import type { TestResult, TestRun } from "@/lib/policy/run-tests";

const restMs = 300;

export interface TestFindings {
  run: TestRun | null;
  /** True while the tests of the text on screen have not been run yet. */
  pending: boolean;
}

/** The `tests:` of this text, run in the browser by the evaluator of the gateway after a short rest in typing. */
export function useTestRun(text: string): TestFindings {
  const [done, setDone] = useState<{ text: string; run: TestRun } | null>(null);
  useEffect(() => {
    let current = true;
    const timer = setTimeout(() => {
      void import("@/lib/policy/run-tests").then(({ runPolicyTests }) => {
        // The hash of the compiled policy is not looked at here, so that it need not be computed.
        if (current) setDone({ text, run: runPolicyTests(text, { digest: () => "" }) });
      });
    }, restMs);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text]);
  return { run: done?.run ?? null, pending: done?.text !== text };
}

/** "17 tests pass", "2 of 17 tests fail". */
export function testSummary({ passed, failed }: Pick<TestRun, "passed" | "failed">): string {
  const total = passed + failed;
  const of = (count: number) => count.toLocaleString("en");
  if (failed > 0) return `${of(failed)} of ${of(total)} tests ${failed === 1 ? "fails" : "fail"}`;
  return total === 1 ? "1 test passes" : `${of(total)} tests pass`;
}

/** Whether the answer was right and only the rule that gave it was another one. */
export function isOtherRule(result: TestResult): boolean {
  return !result.ok && result.expected === result.actual;
}
