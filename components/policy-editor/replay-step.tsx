"use client";

import { useEffect, useRef, useState } from "react";
import { api, failureOf, type ApiFailure } from "@/components/shell/api";
import { Button } from "@/components/ui/button";
import { ErrorNote } from "@/components/ui/error-note";
import type { ReplayDto, ReplayInput } from "@/lib/policies/schema";
import { ReplayResult } from "./replay-result";
import { Step } from "./step";

const ranges: readonly { days: ReplayInput["days"]; word: string }[] = [
  { days: 1, word: "1 day" },
  { days: 7, word: "7 days" },
  { days: 30, word: "30 days" },
];

interface Props {
  policyId: string;
  text: string;
  /** The text cannot be judged by. */
  broken: boolean;
}

/** What the draft would have answered to the calls of the last days, counted on request. */
export function ReplayStep({ policyId, text, broken }: Props) {
  const { start, stop, running, result, failure } = useReplay(policyId);
  return (
    <Step
      title="Replay"
      state="open"
      said={running ? "Judging the recorded calls again…" : "What the draft would have answered to recorded calls."}
    >
      <div role="group" aria-label="Replay over the last" className="flex flex-wrap items-center gap-2">
        <span className="text-sm text-ink-soft">Replay over the last</span>
        {ranges.map(({ days, word }) => (
          <Button
            key={days}
            size="sm"
            aria-pressed={result?.days === days}
            disabled={broken || running}
            onClick={() => void start({ text, days })}
          >
            {word}
          </Button>
        ))}
        {running ? (
          <Button size="sm" look="ghost" onClick={stop}>
            Stop
          </Button>
        ) : null}
      </div>
      {broken ? <p className="text-sm text-ink-soft">A text with errors cannot be replayed.</p> : null}
      {failure ? <ErrorNote failure={failure} /> : null}
      <div role="status">{result ? <ReplayResult replay={result} /> : null}</div>
    </Step>
  );
}

function useReplay(policyId: string) {
  const running = useRef<AbortController | null>(null);
  const [sending, setSending] = useState(false);
  const [result, setResult] = useState<ReplayDto | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  useEffect(() => () => running.current?.abort(), []);
  const start = async (input: ReplayInput) => {
    const controller = new AbortController();
    running.current = controller;
    setSending(true);
    setResult(null);
    setFailure(null);
    try {
      const path = `/api/policies/${policyId}/replay`;
      setResult(await api<ReplayDto>("POST", path, input, controller.signal));
    } catch (error) {
      if (!controller.signal.aborted) setFailure(failureOf(error));
    } finally {
      if (running.current === controller) setSending(false);
    }
  };
  return {
    start,
    stop: () => running.current?.abort(),
    running: sending,
    result,
    failure,
  };
}
