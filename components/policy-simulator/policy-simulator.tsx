"use client";

import { TriangleAlert } from "lucide-react";
import { useEffect, useRef } from "react";
import { toast } from "sonner";
import { useErrorFocus } from "@/components/shell/use-error-focus";
import { addTest } from "@/lib/policy/add-test";
import { countersOf, judgeSample, namedTools, type Judgement, type ReadyPolicy } from "./judgement";
import { readSample, type Faults } from "./sample";
import { SampleFields } from "./sample-fields";
import { SaveTest } from "./save-test";
import { toTest } from "./to-test";
import { useReadyPolicy } from "./use-ready-policy";
import type { Sample } from "./use-sample";
import { VerdictView } from "./verdict-view";
import type { SampleWorld } from "./world";

interface Props {
  /** The draft. */
  text: string;
  onText: (text: string) => void;
  sample: Sample;
  world: SampleWorld;
  live: { version: number; text: string } | null;
  /** Why this person may not change the draft; null when they may. */
  refusal: string | null;
}

const noFaults: Faults = {};

/** One sample call, judged in the browser by the code that the gateway runs. */
export function PolicySimulator({ text, onText, sample, world, live, refusal }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const result = useRef<HTMLDivElement>(null);
  const { policy, broken } = useReadyPolicy(text);
  const { policy: livePolicy } = useReadyPolicy(live?.text ?? "");
  const { ranAt } = sample;
  const counters = policy ? countersOf(policy, sample.form.tool) : [];
  const names = counters.map((counter) => counter.name);
  const read = ranAt === null ? null : readSample(sample.form, { world, counters: names, now: ranAt });
  const judged = policy && read?.ok ? judgeSample(policy, read.facts, read.used) : null;
  const compared = live && livePolicy && text !== live.text && read?.ok;
  const before = compared ? judgeSample(livePolicy, read.facts, read.used).verdict : null;
  useErrorFocus(form, ranAt, null);
  useEffect(() => {
    const target = result.current?.querySelector("[data-decides]") ?? result.current;
    if (ranAt !== null) target?.scrollIntoView({ block: "nearest" });
  }, [ranAt]);
  const save = (name: string) => {
    if (!policy || !read?.ok || !judged) return;
    const { verdict } = judged;
    const added = addTest(text, toTest(name, { facts: read.facts, used: read.used, verdict }, policy.document));
    if (!added.ok) {
      toast.error(`Not saved: ${added.problems[0]?.message ?? "the text cannot take it"}`);
      return;
    }
    onText(added.text);
    toast.success(`Saved as a test at line ${String(added.line)} of the draft.`);
  };
  return (
    <div className="grid grid-cols-1 gap-4 p-4">
      <SampleFields
        ref={form}
        sample={sample}
        world={world}
        counters={counters}
        tools={policy ? namedTools(policy) : []}
        faults={read && !read.ok ? read.faults : noFaults}
      />
      {broken ? <Broken judging={policy !== null} /> : null}
      <div ref={result} className="grid grid-cols-1 gap-4">
        <Answer judged={judged} ranAt={ranAt} policy={policy} before={before} live={live?.version ?? null} />
        {judged ? (
          <SaveTest
            key={`${judged.facts.tool} ${judged.verdict.kind}`}
            suggested={suggestion(judged)}
            refusal={refusal}
            broken={broken}
            onSave={save}
          />
        ) : null}
      </div>
    </div>
  );
}

function suggestion({ facts, verdict }: Judgement): string {
  const words = {
    allow: "is allowed",
    deny: "is denied",
    hold: "is held",
    rate_limited: "is limited",
    hidden: "is hidden",
  };
  return `${facts.tool} ${words[verdict.kind]}`;
}

function Broken({ judging }: { judging: boolean }) {
  return (
    <p role="status" className="flex items-start gap-2 rounded-md bg-amber-soft px-3 py-2 text-sm text-amber">
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      {judging
        ? "The draft has errors. What you see is judged by its last text without errors."
        : "The draft has errors, so there is nothing to judge by."}
    </p>
  );
}

interface AnswerProps {
  judged: Judgement | null;
  ranAt: string | null;
  policy: ReadyPolicy | null;
  before: Judgement["verdict"] | null;
  live: number | null;
}

function Answer({ judged, ranAt, policy, before, live }: AnswerProps) {
  if (judged && policy) return <VerdictView judged={judged} policy={policy} before={before} live={live} />;
  if (ranAt !== null) return null;
  return (
    <p className="rounded-md border border-dashed border-line-strong/60 px-4 py-6 text-center text-sm text-ink-soft">
      Describe a call and simulate it: you see its answer, and every rule with what it looked at. Nothing is sent, and
      nothing is counted.
    </p>
  );
}
