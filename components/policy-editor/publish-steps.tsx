"use client";

import { CircleX, TriangleAlert } from "lucide-react";
import { useId, useState } from "react";
import { Button } from "@/components/ui/button";
import { InlineCode } from "@/components/ui/inline-code";
import { countText } from "@/components/ui/word";
import { ChangeWords } from "./change-words";
import { DiffView } from "./diff-view";
import { Step } from "./step";
import { TestResults } from "./test-results";
import type { Changes } from "./use-changes";
import { errorCount, type Findings } from "./use-problems";
import { testSummary, type TestFindings } from "./use-test-run";

export function ProblemsStep({ findings }: { findings: Findings }) {
  const { problems, pending } = findings;
  const errors = errorCount(problems);
  const warnings = problems.length - errors;
  const said =
    errors > 0 ? (
      <span role="alert">
        The text has {countText(errors, "error")}. An invalid policy never goes live: mend it in the editor first.
      </span>
    ) : pending ? (
      "Checking…"
    ) : warnings > 0 ? (
      countText(warnings, "warning")
    ) : (
      "None"
    );
  return (
    <Step title="Problems" state={errors > 0 ? "bad" : pending ? "open" : warnings > 0 ? "warn" : "good"} said={said}>
      {problems.length === 0 ? null : (
        <ul className="grid gap-1 text-sm">
          {problems.map((problem) => (
            <li
              key={`${problem.path} ${problem.code} ${String(problem.line)} ${String(problem.column)}`}
              className="flex items-start gap-2"
            >
              {problem.severity === "error" ? (
                <CircleX aria-label="Error" className="mt-0.5 size-4 shrink-0 text-red" />
              ) : (
                <TriangleAlert aria-label="Warning" className="mt-0.5 size-4 shrink-0 text-amber" />
              )}
              <span className="num shrink-0">Line {problem.line}</span>
              <span className="min-w-0 [overflow-wrap:anywhere]">
                <InlineCode text={problem.message} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Step>
  );
}

interface TestsProps {
  findings: TestFindings;
  broken: boolean;
  allowed: boolean;
  onAllow: (allowed: boolean) => void;
}

export function TestsStep({ findings: { run, pending }, broken, allowed, onAllow }: TestsProps) {
  const id = useId();
  if (broken) return <Step title="Tests" state="open" said="Not run, because the text has errors." />;
  if (!run || pending) return <Step title="Tests" state="open" said="Running…" />;
  const failed = run.results.filter((result) => !result.ok);
  if (failed.length === 0) {
    const none = run.results.length === 0;
    return (
      <Step title="Tests" state={none ? "open" : "good"} said={none ? "The text has none." : `${testSummary(run)}.`} />
    );
  }
  return (
    <Step title="Tests" state={allowed ? "warn" : "bad"} said={`${testSummary(run)}.`}>
      <div
        className="max-h-60 overflow-y-auto rounded-md border border-line"
        role="region"
        aria-label="Failing tests"
        tabIndex={0}
      >
        <TestResults results={failed} />
      </div>
      <label htmlFor={id} className="flex items-start gap-2 text-base">
        <input
          id={id}
          type="checkbox"
          className="mt-0.5 size-4 accent-accent"
          checked={allowed}
          onChange={(event) => {
            onAllow(event.target.checked);
          }}
        />
        <span>
          Publish with failing tests <span className="text-ink-soft">(needs a reason, and is audited)</span>
        </span>
      </label>
    </Step>
  );
}

interface ChangesProps {
  before: string;
  after: string;
  changes: Changes | null;
  live: number | null;
}

export function ChangesStep({ before, after, changes, live }: ChangesProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const from = live === null ? "the first version" : `from version ${String(live)}, which is live`;
  return (
    <Step title="Changes" state="open" said={from}>
      {changes ? <ChangeWords changes={changes.summary} /> : null}
      <Button
        size="sm"
        className="w-fit"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => {
          setOpen(!open);
        }}
      >
        {open ? "Hide the text" : "Compare the text"}
      </Button>
      <div id={id} hidden={!open} className="h-[45dvh] overflow-hidden rounded-md border border-line">
        {open ? <DiffView before={before} after={after} label="Live and draft" /> : null}
      </div>
    </Step>
  );
}

export function CountersStep({ changes }: { changes: Changes | null }) {
  const counters = changes?.counters ?? [];
  if (counters.length === 0) return <Step title="Counters" state="good" said="All go on from where they stand." />;
  return (
    <Step title="Counters" state="warn" said={`${countText(counters.length, "counter")} to look at`}>
      <ChangeWords changes={counters} />
    </Step>
  );
}
