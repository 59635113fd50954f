"use client";

import { FlaskConical } from "lucide-react";
import { CodeBlock } from "@/components/ui/code-block";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/components/ui/cn";
import { TestResults } from "./test-results";
import { testSummary, type TestFindings } from "./use-test-run";

const example = `tests:
  - name: "a charge over the cap is denied"
    call: { tool: create_charge, args: { amount: 60000 } }
    given: { state: { create_charge.daily_spend: 0 } }
    expect: deny
    rule: "max single charge"
`;

/** The tests of the draft and how they come out now. */
export function TestPanel({ findings, onJump }: { findings: TestFindings; onJump: (line: number) => void }) {
  const { run, pending } = findings;
  if (!run) {
    return (
      <div role="status" aria-label="Running the tests" className="grid gap-3 p-4">
        <Skeleton className="h-4 w-2/3" />
        <Skeleton className="h-4 w-1/2" />
        <Skeleton className="h-4 w-3/4" />
      </div>
    );
  }
  if (run.problems.some((problem) => problem.severity === "error")) {
    return (
      <p role="status" className="px-4 py-4 text-sm text-ink-soft">
        The text has errors, so its tests were not run. Mend the problems under the editor first.
      </p>
    );
  }
  if (run.results.length === 0) return <NoTests />;
  return (
    <div className={cn("transition-opacity duration-100", pending && "opacity-60")}>
      <p role="status" className="border-b border-line px-4 py-2.5 text-sm text-ink-soft">
        {testSummary(run)}. A failing test keeps the text from going live.
      </p>
      <TestResults results={run.results} onJump={onJump} />
    </div>
  );
}

function NoTests() {
  return (
    <div className="grid gap-3 p-4">
      <p className="flex items-start gap-2 text-sm text-ink-soft">
        <FlaskConical aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-faint" />
        This text has no tests yet. The simulator&rsquo;s &ldquo;Save as test&rdquo; writes one, or write it by hand at
        the end:
      </p>
      <CodeBlock title="A test" text={example} />
    </div>
  );
}
