"use client";

import { CircleAlert, RotateCcw } from "lucide-react";
import { Button } from "./button";
import { CopyButton } from "./copy-button";

export interface Failure {
  title: string;
  /** What to check, in a sentence. */
  detail?: string | undefined;
  code?: string | undefined;
  requestId?: string | undefined;
}

/** What failed, its code, the request id to quote, and a way to try again. */
export function ErrorNote({ failure, onRetry }: { failure: Failure; onRetry?: () => void }) {
  return (
    <div
      role="alert"
      className="flex flex-wrap items-start gap-x-3 gap-y-2 rounded-lg border border-red/40 bg-red-soft px-4 py-3"
    >
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-red" />
      <div className="min-w-0 grow basis-56">
        <p className="font-medium text-red [overflow-wrap:anywhere]">{failure.title}</p>
        {failure.detail ? <p className="text-sm [overflow-wrap:anywhere]">{failure.detail}</p> : null}
        {failure.code || failure.requestId ? (
          <p className="mt-0.5 flex flex-wrap items-center gap-x-2 text-sm text-ink-soft">
            {failure.code ? <code className="font-mono">{failure.code}</code> : null}
            {failure.requestId ? (
              <span className="inline-flex items-center gap-1 [overflow-wrap:anywhere]">
                request <code className="font-mono">{failure.requestId}</code>
                <CopyButton text={failure.requestId} label="Copy request id" />
              </span>
            ) : null}
          </p>
        ) : null}
      </div>
      {onRetry ? (
        <Button size="sm" onClick={onRetry}>
          <RotateCcw aria-hidden /> Retry
        </Button>
      ) : null}
    </div>
  );
}
