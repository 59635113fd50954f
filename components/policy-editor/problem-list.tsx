"use client";

import { CircleCheck, CircleX, TriangleAlert } from "lucide-react";
import { InlineCode } from "@/components/ui/inline-code";
import { countText } from "@/components/ui/word";
import type { Problem } from "@/lib/policy/types";
import { errorCount, type Findings } from "./use-problems";
import type { Jump } from "./text-editor";

function summary(problems: readonly Problem[]): string {
  const errors = errorCount(problems);
  const warnings = problems.length - errors;
  return [errors > 0 ? countText(errors, "error") : "", warnings > 0 ? countText(warnings, "warning") : ""]
    .filter(Boolean)
    .join(", ");
}

/** Every finding of the check; choosing one goes to its line. */
export function ProblemList({ findings, onJump }: { findings: Findings; onJump: (jump: Jump) => void }) {
  const { problems, pending } = findings;
  return (
    <section aria-label="Problems" className="border-t border-line">
      <p role="status" className="flex h-9 items-center gap-2 px-3 text-sm">
        {problems.length === 0 ? (
          <CircleCheck aria-hidden className="size-4 text-green" />
        ) : errorCount(problems) > 0 ? (
          <CircleX aria-hidden className="size-4 text-red" />
        ) : (
          <TriangleAlert aria-hidden className="size-4 text-amber" />
        )}
        {problems.length > 0 ? summary(problems) : pending ? "Checking…" : "No problems"}
      </p>
      {problems.length > 0 ? (
        <ul className="max-h-44 divide-y divide-line overflow-y-auto border-t border-line">
          {problems.map((problem) => (
            <li key={`${problem.path} ${problem.code} ${String(problem.line)} ${String(problem.column)}`}>
              <button
                type="button"
                className="flex w-full items-start gap-2 px-3 py-2 text-left text-sm -outline-offset-2 hover:bg-hover"
                onClick={() => {
                  onJump({ line: problem.line, column: problem.column });
                }}
              >
                {problem.severity === "error" ? (
                  <CircleX aria-label="Error" className="mt-0.5 size-4 shrink-0 text-red" />
                ) : (
                  <TriangleAlert aria-label="Warning" className="mt-0.5 size-4 shrink-0 text-amber" />
                )}
                <span className="num shrink-0 font-medium">
                  Line {problem.line}:{problem.column}
                </span>
                <span className="min-w-0 [overflow-wrap:anywhere]">
                  <InlineCode text={problem.message} />
                  {problem.hint ? (
                    <span className="block text-ink-soft">
                      <InlineCode text={problem.hint} />
                    </span>
                  ) : null}
                </span>
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}
