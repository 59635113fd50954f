"use client";

import { Pause, Play, X } from "lucide-react";
import { useEffect, useEffectEvent, useState } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Select, type Choice } from "@/components/ui/select";
import { states } from "@/components/ui/state-chip";
import { decisionWords, filterParsers, outcomeWords, type FilterValues } from "./filter";

const unset = "any";
const decisions: readonly Choice[] = [
  { value: unset, label: "Any decision" },
  ...decisionWords.map((word) => ({ value: word, label: states[word].word })),
];
const outcomes: readonly Choice[] = [
  { value: unset, label: "Any outcome" },
  ...outcomeWords.map((word) => ({ value: word, label: states[word].word })),
];
const typingMs = 250;

interface Props {
  values: FilterValues;
  onChange: (values: Partial<FilterValues>) => void;
  onClear: () => void;
  grants: readonly Choice[];
  policies: readonly Choice[];
  live: boolean;
  onLive: (live: boolean) => void;
}

/** A text filter that waits for a pause in typing before it goes into the URL. */
function TypedFilter({
  label,
  value,
  onChange,
}: {
  label: string;
  value: string | null;
  onChange: (value: string | null) => void;
}) {
  const [text, setText] = useState(value ?? "");
  const [known, setKnown] = useState(value);
  if (known !== value) {
    setKnown(value);
    setText(value ?? "");
  }
  const report = useEffectEvent(() => {
    const next = text.trim() === "" ? null : text.trim();
    if (next === value) return;
    setKnown(next);
    onChange(next);
  });
  useEffect(() => {
    const timer = setTimeout(() => {
      report();
    }, typingMs);
    return () => {
      clearTimeout(timer);
    };
  }, [text]);
  return (
    <Input
      type="search"
      aria-label={label}
      placeholder={label}
      value={text}
      onChange={(event) => {
        setText(event.target.value);
      }}
    />
  );
}

export function LogFilters({ values, onChange, onClear, grants, policies, live, onLive }: Props) {
  const active = Object.values(values).some((value) => value !== null);
  return (
    <div
      role="search"
      aria-label="Filter decisions"
      className="grid grid-cols-2 gap-2 sm:flex sm:flex-wrap sm:items-center"
    >
      <Select
        aria-label="Decision"
        className="sm:w-36"
        value={values.decision ?? unset}
        choices={decisions}
        onChange={(decision) => {
          onChange({ decision: filterParsers.decision.parse(decision) });
        }}
      />
      <Select
        aria-label="Outcome"
        className="sm:w-36"
        value={values.outcome ?? unset}
        choices={outcomes}
        onChange={(outcome) => {
          onChange({ outcome: filterParsers.outcome.parse(outcome) });
        }}
      />
      <Select
        aria-label="Grant"
        className="max-sm:col-span-2 sm:w-44"
        value={values.grantId ?? unset}
        choices={[{ value: unset, label: "Any grant" }, ...grants]}
        onChange={(grantId) => {
          onChange({ grantId: grantId === unset ? null : grantId });
        }}
      />
      <Select
        aria-label="Policy"
        className="max-sm:col-span-2 sm:w-44"
        value={values.policyId ?? unset}
        choices={[{ value: unset, label: "Any policy" }, ...policies]}
        onChange={(policyId) => {
          onChange({ policyId: policyId === unset ? null : policyId });
        }}
      />
      <div className="sm:w-40">
        <TypedFilter
          label="Tool"
          value={values.tool}
          onChange={(tool) => {
            onChange({ tool });
          }}
        />
      </div>
      <div className="sm:w-56">
        <TypedFilter
          label="Rule, reason, argument key"
          value={values.text}
          onChange={(text) => {
            onChange({ text });
          }}
        />
      </div>
      {active ? (
        <Button look="ghost" size="sm" onClick={onClear}>
          <X aria-hidden /> Clear filters
        </Button>
      ) : null}
      <Button
        size="sm"
        className="max-sm:col-start-2 sm:ml-auto"
        aria-pressed={!live}
        onClick={() => {
          onLive(!live);
        }}
      >
        {live ? <Pause aria-hidden /> : <Play aria-hidden />}
        {live ? "Pause" : "Resume"}
      </Button>
    </div>
  );
}
