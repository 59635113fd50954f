"use client";

import { CircleAlert, TriangleAlert } from "lucide-react";
import Link from "next/link";
import { cn } from "@/components/ui/cn";
import { PlainText } from "@/components/ui/plain-text";
import { Time } from "@/components/ui/time";
import type { Overview } from "@/lib/analytics/schema";
import { counterTitle, counterUnit } from "./counter-title";
import { groupDigits, shareOf } from "./share";

type Counter = Overview["counters"][number];

function level(share: number | null): {
  bar: string;
  word: string | null;
  icon: typeof CircleAlert | null;
  text: string;
} {
  if (share !== null && share >= 100)
    return { bar: "bg-red-mark", word: "Used up", icon: CircleAlert, text: "text-red" };
  if (share !== null && share >= 80)
    return { bar: "bg-amber-mark", word: "Near the cap", icon: TriangleAlert, text: "text-amber" };
  return { bar: "bg-accent", word: null, icon: null, text: "" };
}

function CounterBar({ counter }: { counter: Counter }) {
  const share = shareOf(counter.used, counter.max);
  const { bar, word, icon: Icon, text } = level(share);
  const title = counterTitle(counter.name, counter.by);
  return (
    <li className="grid gap-1.5 px-4 py-3">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <PlainText text={title} className="min-w-0 font-mono text-sm font-medium" />
        <span className="num text-sm">
          <span className="font-medium">{groupDigits(counter.used)}</span>
          {counter.max === null ? null : <> of {groupDigits(counter.max)}</>}{" "}
          <span className="text-ink-faint">{counterUnit(counter.name)}</span>
        </span>
      </div>
      <p className="text-sm text-ink-soft">
        {counter.grantId === null ? (
          <PlainText text={counter.grantLabel} />
        ) : (
          <Link href={`/logs?grantId=${counter.grantId}`} className="hover:underline">
            <PlainText text={counter.grantLabel} />
          </Link>
        )}
        {" · "}
        <PlainText text={counter.policyName} />
      </p>
      {share === null ? null : (
        <div
          role="meter"
          aria-label={`${title}, ${counter.grantLabel}`}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.min(share, 100)}
          className="h-2 overflow-hidden rounded-full bg-sunken forced-colors:border"
        >
          <div className={cn("h-full rounded-full", bar)} style={{ width: `${String(Math.min(share, 100))}%` }} />
        </div>
      )}
      <p className="flex flex-wrap items-center justify-between gap-x-4 text-sm text-ink-soft">
        <span className={cn("num inline-flex items-center gap-1", text)}>
          {Icon ? <Icon aria-hidden className="size-3.5" /> : null}
          {share === null ? "No cap" : `${String(share)} %`}
          {word ? ` · ${word}` : null}
        </span>
        <span>
          resets <Time at={counter.resetsAt} form="ago" />
        </span>
      </p>
    </li>
  );
}

/** One bar for each counter that was used in its current window, fullest first. */
export function SpendBars({ counters }: { counters: readonly Counter[] }) {
  const sorted = [...counters].sort((a, b) => (shareOf(b.used, b.max) ?? -1) - (shareOf(a.used, a.max) ?? -1));
  if (sorted.length === 0) {
    return (
      <p className="px-4 py-6 text-center text-base text-ink-soft">
        No limit has counted anything in its current window.
      </p>
    );
  }
  return (
    <ul className="divide-y divide-line">
      {sorted.map((counter) => (
        <CounterBar
          key={JSON.stringify([counter.per, counter.grantLabel, counter.policyName, counter.name, counter.by])}
          counter={counter}
        />
      ))}
    </ul>
  );
}
