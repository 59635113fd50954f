"use client";

import { Check, Gauge } from "lucide-react";
import { PlainText } from "@/components/ui/plain-text";
import { compare, toText } from "@/lib/kernel/decimal";
import { ruleName } from "@/lib/policy/run-tests";
import type { CounterTrace } from "@/lib/policy/simulate";
import { counterLabel } from "@/lib/policy/split";
import type { CounterLimit } from "@/lib/policy/types";
import { writtenName } from "./judgement";

interface Props {
  counters: readonly CounterTrace[];
  names: ReadonlyMap<string, string>;
}

/** What each counter of the call stands at before and after it, and which limits have room. */
export function CounterList({ counters, names }: Props) {
  return (
    <section aria-label="Counters" className="grid grid-cols-1 gap-2">
      <h2 className="text-base">Counters</h2>
      <ul className="grid grid-cols-1 gap-2">
        {counters.map((trace) => {
          const name = counterLabel(writtenName(names, trace.demand.counter), trace.demand.by);
          return <Counter key={name} name={name} trace={trace} />;
        })}
      </ul>
    </section>
  );
}

function Counter({ name, trace }: { name: string; trace: CounterTrace }) {
  const { demand, before, after, resetsAt, full } = trace;
  return (
    <li className="grid gap-1 rounded-md border border-line px-3 py-2.5 text-sm">
      <div className="flex flex-wrap items-baseline justify-between gap-x-3 gap-y-0.5">
        <PlainText text={name} className="font-mono font-medium" />
        <span className="num">
          {toText(before)} + {toText(demand.amount)} = {toText(after)}
        </span>
      </div>
      <ul className="grid gap-0.5">
        {demand.limits.map((limit, index) => (
          <Limit key={`${limit.rule} ${String(index)}`} limit={limit} after={after} full={full.includes(limit)} />
        ))}
      </ul>
      <p className="num text-ink-soft">
        per {demand.window}, starts anew {resetsAt.slice(0, 16).replace("T", " ")} UTC
      </p>
    </li>
  );
}

function Limit({ limit, after, full }: { limit: CounterLimit; after: CounterTrace["after"]; full: boolean }) {
  const Icon = full ? Gauge : Check;
  const exact = compare(after, limit.max) === 0;
  return (
    <li className="flex flex-wrap items-baseline gap-x-2">
      <span className={`inline-flex items-center gap-1 font-medium ${full ? "text-violet" : "text-green"}`}>
        <Icon aria-hidden className="size-3.5 self-center" />
        {full ? (limit.shadow ? "no room, in shadow" : "no room") : exact ? "room, none left" : "room"}
      </span>
      <span className="num">
        {limit.inclusive ? "at most" : "below"} {toText(limit.max)}
      </span>
      <PlainText text={ruleName(limit.rule)} className="min-w-0 font-mono text-ink-soft" />
    </li>
  );
}
