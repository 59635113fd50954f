"use client";

import { InlineCode } from "@/components/ui/inline-code";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip } from "@/components/ui/state-chip";
import type { TestResult } from "@/lib/policy/run-tests";
import { isOtherRule } from "./use-test-run";

interface Props {
  results: readonly TestResult[];
  /** Goes to the line of a test in the editor; without it the line is only named. */
  onJump?: ((line: number) => void) | undefined;
}

/** Tests with what was expected and what came, the failing ones first. */
export function TestResults({ results, onJump }: Props) {
  const ordered = [...results].sort((a, b) => Number(a.ok) - Number(b.ok));
  return (
    <ul className="divide-y divide-line">
      {ordered.map((result) => (
        <li key={`${String(result.line)} ${result.name}`} className="grid gap-1 px-4 py-2.5 text-sm">
          <div className="flex flex-wrap items-start gap-x-2 gap-y-1">
            <StateChip state={result.ok ? "passes" : "fails"} />
            <span className="min-w-0 grow basis-40 font-medium">
              <PlainText text={result.name} />
            </span>
            {onJump ? (
              <button
                type="button"
                className="num min-h-6 text-accent hover:underline touch:min-h-11"
                aria-label={`Go to line ${String(result.line)}, test ${result.name}`}
                onClick={() => {
                  onJump(result.line);
                }}
              >
                Line {result.line}
              </button>
            ) : (
              <span className="num text-ink-soft">Line {result.line}</span>
            )}
          </div>
          <Outcome result={result} />
        </li>
      ))}
    </ul>
  );
}

function Outcome({ result }: { result: TestResult }) {
  const { ok, expected, expectedRule, actual, rule } = result;
  return (
    <p className="flex flex-wrap items-center gap-x-1.5 gap-y-1 text-ink-soft">
      {ok ? "As expected:" : "Expected"} <StateChip state={expected} />
      {ok ? null : (
        <>
          {expectedRule === null ? null : (
            <span>
              by <PlainText text={expectedRule} className="font-mono" />
            </span>
          )}
          {isOtherRule(result) ? "but it came" : "but it is"}{" "}
          {isOtherRule(result) ? null : <StateChip state={actual} />}
        </>
      )}
      {rule === "" ? null : (
        <span className="min-w-0 [overflow-wrap:anywhere]">
          by <InlineCode text={`\`${rule.replaceAll("`", "'")}\``} />
        </span>
      )}
    </p>
  );
}
