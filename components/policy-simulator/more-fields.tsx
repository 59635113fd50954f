"use client";

import { Field } from "@/components/ui/field";
import { Input, Textarea } from "@/components/ui/input";
import { Select, type Choice } from "@/components/ui/select";
import { toolCategories, toolRisks } from "@/lib/kernel/tool-class";
import { notKnown, type SampleForm } from "./form";
import type { Faults } from "./sample";
import type { Sample } from "./use-sample";
import type { SampleTool } from "./world";

interface Props {
  sample: Sample;
  faults: Faults;
  /** The tool as its server lists it, if one does. */
  scanned: SampleTool | undefined;
}

const asScanned = "scanned";

/** What most policies do not look at: time, client, the tool's class, metadata of the request. */
export function MoreFields({ sample: { form, change }, faults, scanned }: Props) {
  const set = (field: keyof Omit<SampleForm, "used">) => (value: string) => {
    change({ [field]: value });
  };
  const wrong = faults.at !== undefined || faults.meta !== undefined;
  const given = [form.at, form.client, form.category, form.risk, form.meta].some((text) => text !== "");
  return (
    <details className="group" open={wrong || given || undefined}>
      <summary className="w-fit rounded-sm py-1 text-sm text-ink-soft hover:text-ink touch:py-3">
        Time, client, tool class, metadata
      </summary>
      <div className="mt-2 grid gap-3 sm:grid-cols-2">
        <Typed label="Time (UTC)" value={form.at} onChange={set("at")} placeholder="now" error={faults.at} />
        <Typed label="Client" value={form.client} onChange={set("client")} placeholder="does not say" />
        <Word
          label="Category"
          value={form.category}
          words={toolCategories}
          scanned={scanned?.category}
          onChange={set("category")}
        />
        <Word label="Risk" value={form.risk} words={toolRisks} scanned={scanned?.risk} onChange={set("risk")} />
        <div className="sm:col-span-2">
          <Field label="Request metadata" hint="JSON of the request’s _meta, for rules on meta." error={faults.meta}>
            {(ids) => (
              <Textarea
                {...ids}
                rows={2}
                value={form.meta}
                className="font-mono text-sm"
                spellCheck={false}
                autoCapitalize="off"
                onChange={(event) => {
                  set("meta")(event.target.value);
                }}
              />
            )}
          </Field>
        </div>
      </div>
    </details>
  );
}

interface TypedProps {
  label: string;
  value: string;
  placeholder: string;
  error?: string | undefined;
  onChange: (value: string) => void;
}

function Typed({ label, value, placeholder, error, onChange }: TypedProps) {
  return (
    <Field label={label} error={error}>
      {(ids) => (
        <Input
          {...ids}
          value={value}
          placeholder={placeholder}
          maxLength={200}
          autoComplete="off"
          onChange={(event) => {
            onChange(event.target.value);
          }}
        />
      )}
    </Field>
  );
}

interface WordProps {
  label: string;
  value: string;
  words: readonly string[];
  scanned: string | undefined;
  onChange: (value: string) => void;
}

function Word({ label, value, words, scanned, onChange }: WordProps) {
  const choices: Choice[] = [
    { value: asScanned, label: scanned === undefined ? "Not scanned: not known" : `As scanned: ${scanned}` },
    { value: notKnown, label: "Not known" },
    ...words.map((word) => ({ value: word, label: word })),
  ];
  return (
    <Field label={label}>
      {(ids) => (
        <Select
          {...ids}
          value={value === "" ? asScanned : value}
          choices={choices}
          onChange={(word) => {
            onChange(word === asScanned ? "" : word);
          }}
        />
      )}
    </Field>
  );
}
