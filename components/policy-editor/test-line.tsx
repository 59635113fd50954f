"use client";

import { CircleCheck, CircleX } from "lucide-react";
import { TestResults } from "./test-results";
import { testSummary, type TestFindings } from "./use-test-run";

/** How the tests of a text come out, in one line, and below it those that fail. */
export function TestLine({ findings }: { findings: TestFindings }) {
  const { run } = findings;
  const failed = (run?.results ?? []).filter((result) => !result.ok);
  const Icon = failed.length > 0 ? CircleX : CircleCheck;
  return (
    <section aria-label="Tests" className="min-w-0">
      <p role="status" className="flex min-h-6 items-center gap-2 text-sm text-ink-soft">
        {run && run.results.length > 0 ? (
          <>
            <Icon aria-hidden className={failed.length > 0 ? "size-4 text-red" : "size-4 text-green"} />
            {testSummary(run)}.
          </>
        ) : null}
      </p>
      {failed.length > 0 ? (
        <div className="mt-2 rounded-lg border border-line bg-surface">
          <TestResults results={failed} />
        </div>
      ) : null}
    </section>
  );
}
