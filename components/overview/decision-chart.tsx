"use client";

import { useState } from "react";
import { cn } from "@/components/ui/cn";
import { states } from "@/components/ui/state-chip";
import { useHydrated } from "@/components/ui/time";
import { countText } from "@/components/ui/word";
import type { Overview } from "@/lib/analytics/schema";

type Bucket = Overview["series"][number];
const parts = ["allow", "rate_limited", "deny"] as const;

/* Tone and pattern, so that the parts differ without colour as well. */
const fills = {
  allow: "bg-green-mark",
  rate_limited: "bg-violet-mark bg-[repeating-linear-gradient(90deg,transparent_0_3px,rgb(255_255_255/0.45)_3px_4px)]",
  deny: "bg-red-mark bg-[repeating-linear-gradient(135deg,transparent_0_3px,rgb(255_255_255/0.5)_3px_5px)]",
} as const;

const total = (bucket: Bucket) => parts.reduce((sum, part) => sum + bucket[part], 0);

function hourText(at: string, local: boolean): string {
  if (!local) return `${at.slice(11, 16)} UTC`;
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

function told(bucket: Bucket): string {
  return parts.map((part) => `${bucket[part].toLocaleString("en")} ${states[part].word.toLowerCase()}`).join(", ");
}

function Legend() {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-sm text-ink-soft">
      {parts.map((part) => (
        <li key={part} className="inline-flex items-center gap-1.5">
          <span aria-hidden className={cn("size-3 rounded-[2px]", fills[part])} />
          {states[part].word}
        </li>
      ))}
    </ul>
  );
}

/** Decisions of the last 24 hours, one stacked bar an hour, with its figures as a table. */
export function DecisionChart({ series }: { series: Overview["series"] }) {
  const local = useHydrated();
  const [at, setAt] = useState<number | null>(null);
  const highest = Math.max(4, ...series.map(total));
  const shown = at === null ? undefined : series[at];
  const sum = series.reduce((count, bucket) => count + total(bucket), 0);
  return (
    <figure>
      <figcaption className="mb-3 flex flex-wrap items-center justify-between gap-2">
        <Legend />
        <span className="num min-h-5 text-sm text-ink-soft">
          {shown ? `${hourText(shown.at, local)} · ${told(shown)}` : `${countText(sum, "call")} in 24 h`}
        </span>
      </figcaption>
      <div
        aria-hidden
        className="relative flex h-40 items-end gap-px border-b border-line-strong pt-4 sm:gap-1"
        onMouseLeave={() => {
          setAt(null);
        }}
      >
        <span className="num absolute top-0 left-0 text-xs text-ink-faint">{highest.toLocaleString("en")}</span>
        <span className="absolute inset-x-0 top-4 border-t border-dashed border-line" />
        {series.map((bucket, index) => (
          <div
            key={bucket.at}
            className={cn("flex h-full grow basis-0 flex-col justify-end", index === at && "bg-hover")}
            onMouseEnter={() => {
              setAt(index);
            }}
          >
            {parts.map((part) =>
              bucket[part] === 0 ? null : (
                <div
                  key={part}
                  className={cn("min-h-0.5 w-full border-t border-surface first:rounded-t-[2px]", fills[part])}
                  style={{ height: `${String((bucket[part] / highest) * 100)}%` }}
                />
              ),
            )}
          </div>
        ))}
      </div>
      <div aria-hidden className="num mt-1 flex justify-between text-xs text-ink-faint">
        {[0, 6, 12, 18, 23].map((index) => {
          const bucket = series[index];
          return bucket ? <span key={index}>{hourText(bucket.at, local)}</span> : null;
        })}
      </div>
      <details className="mt-2 text-sm">
        <summary className="w-fit text-ink-soft hover:text-ink">Figures as a table</summary>
        <div
          tabIndex={0}
          role="region"
          aria-label="Decisions per hour"
          className="mt-2 max-h-56 overflow-y-auto rounded-md border border-line"
        >
          <table className="num w-full">
            <thead className="sticky top-0 bg-sunken text-left text-ink-soft">
              <tr>
                <th scope="col" className="px-2 py-1 font-medium">
                  Hour
                </th>
                {parts.map((part) => (
                  <th key={part} scope="col" className="px-2 py-1 text-right font-medium">
                    {states[part].word}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {series.map((bucket) => (
                <tr key={bucket.at}>
                  <th scope="row" className="px-2 py-1 text-left font-normal">
                    {hourText(bucket.at, local)}
                  </th>
                  {parts.map((part) => (
                    <td key={part} className="px-2 py-1 text-right">
                      {bucket[part].toLocaleString("en")}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  );
}
