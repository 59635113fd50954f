"use client";

import { Check, CircleHelp, X } from "lucide-react";
import { PlainText } from "@/components/ui/plain-text";
import type { Scalar } from "@/lib/policy/document";
import type { ConditionTrace } from "@/lib/policy/explain";
import { valueText } from "./judgement";

/** A condition as it was judged, groups with their parts, each with what was expected and what was there. */
export function ConditionView({ trace }: { trace: ConditionTrace }) {
  if (trace.kind === "leaf") return <Comparison trace={trace} />;
  const words = { all: "all of these", any: "any of these", not: "not" };
  return (
    <div className="grid gap-1">
      <p className="flex flex-wrap items-center gap-x-2 text-sm">
        <TruthMark truth={trace.truth} why={trace.why} /> {words[trace.kind]}
      </p>
      <ul className="grid gap-1 border-l border-line-strong/60 pl-3">
        {trace.items.map((item, index) => (
          <li key={index}>
            <ConditionView trace={item} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Comparison({ trace }: { trace: Extract<ConditionTrace, { kind: "leaf" }> }) {
  return (
    <div className="flex flex-wrap items-baseline gap-x-2 gap-y-0.5 text-sm">
      <TruthMark truth={trace.truth} why={trace.why} />
      <span className="min-w-0 font-mono">
        <PlainText text={trace.path} /> <span className="text-ink-soft">{trace.op}</span>{" "}
        <PlainText text={expectedText(trace.value)} />
      </span>
      <span className="min-w-0 text-ink-soft">
        actual{" "}
        {trace.actual === undefined ? (
          "absent"
        ) : (
          <PlainText text={valueText(trace.actual)} className="font-mono text-ink" />
        )}
      </span>
    </div>
  );
}

function expectedText(value: Scalar | readonly Scalar[]): string {
  return valueText(value);
}

function TruthMark({ truth, why }: Pick<ConditionTrace, "truth" | "why">) {
  const Icon = truth === "true" ? Check : truth === "false" ? X : CircleHelp;
  const words = why === null ? truth : why === "absent" ? "unknown: absent" : "unknown: type";
  return (
    <span
      className={`inline-flex shrink-0 items-center gap-1 text-xs font-medium ${truth === "unknown" ? "text-orange" : "text-ink"}`}
    >
      <Icon aria-hidden className="size-3.5 self-center" strokeWidth={2.25} />
      {words}
    </span>
  );
}
