"use client";

import { useRouter } from "next/navigation";
import { useRef, useState } from "react";
import { api } from "@/components/shell/api";
import { errorsByField } from "@/components/shell/form-errors";
import { useAction } from "@/components/shell/use-action";
import { useErrorFocus } from "@/components/shell/use-error-focus";
import { Button } from "@/components/ui/button";
import { cn } from "@/components/ui/cn";
import { ErrorNote } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { GatedButton } from "@/components/ui/gated-button";
import { Input } from "@/components/ui/input";
import type { PolicyDto, PolicyInput } from "@/lib/policies/schema";
import { PolicyText } from "./policy-text";
import { errorCount, useProblems } from "./use-problems";

export interface Template {
  id: string;
  label: string;
  note: string;
  text: string;
}

interface Props {
  templates: readonly Template[];
  refusal: string | null;
}

/** A new policy: a name, a text to start from, version 1. */
export function NewPolicy({ templates, refusal }: Props) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const [name, setName] = useState("");
  const [nameError, setNameError] = useState<{ text: string } | undefined>(undefined);
  const [templateId, setTemplateId] = useState(templates[0]?.id ?? "");
  const [text, setText] = useState(templates[0]?.text ?? "");
  const findings = useProblems(text);
  const errors = errorCount(findings.problems);
  const { run, sending, failure } = useAction(async (input: PolicyInput) => {
    const policy = await api<PolicyDto>("POST", "/api/policies", input);
    router.push(`/policies/${policy.id}`);
  });
  useErrorFocus(form, nameError, failure);
  const submit = async () => {
    const { PolicyInput } = await import("@/lib/policies/schema");
    const parsed = PolicyInput.safeParse({ name, text });
    setNameError(parsed.success ? undefined : { text: "A name of 1 to 80 characters" });
    if (parsed.success) await run(parsed.data);
  };
  const chosen = templates.find((template) => template.id === templateId);
  return (
    <form
      ref={form}
      noValidate
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div className="grid items-start gap-4 lg:grid-cols-[20rem_minmax(0,1fr)]">
        <Field label="Name" error={nameError?.text ?? errorsByField(failure?.issues ?? []).name}>
          {(ids) => (
            <Input
              {...ids}
              value={name}
              placeholder="Payments, support bot"
              readOnly={refusal !== null}
              onChange={(event) => {
                setName(event.target.value);
              }}
            />
          )}
        </Field>
        <Templates
          templates={templates}
          chosen={templateId}
          changed={chosen !== undefined && text !== chosen.text}
          onChoose={(template) => {
            setTemplateId(template.id);
            setText(template.text);
          }}
        />
      </div>
      <PolicyText
        value={text}
        onChange={setText}
        onSave={() => form.current?.requestSubmit()}
        readOnly={refusal !== null}
        findings={findings}
        label="Text of the new policy"
        aroundRem={29}
      />
      {failure ? <ErrorNote failure={failure} /> : null}
      <div className="flex flex-wrap items-center justify-end gap-2">
        {errors > 0 ? <p className="text-sm text-red">Mend the problems above first.</p> : null}
        <Button
          onClick={() => {
            router.push("/policies");
          }}
        >
          Cancel
        </Button>
        <GatedButton type="submit" look="primary" reason={refusal} disabled={sending || errors > 0}>
          {sending ? "Publishing…" : "Publish version 1"}
        </GatedButton>
      </div>
    </form>
  );
}

interface TemplatesProps {
  templates: readonly Template[];
  chosen: string;
  /** The text was edited since its template was chosen. */
  changed: boolean;
  onChoose: (template: Template) => void;
}

function Templates({ templates, chosen, changed, onChoose }: TemplatesProps) {
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium">Start from</legend>
      <div className="grid gap-2 sm:grid-cols-2 xl:grid-cols-3">
        {templates.map((template) => (
          <label
            key={template.id}
            className={cn(
              "flex items-start gap-2.5 rounded-md border bg-surface px-3 py-2",
              template.id === chosen ? "border-accent" : "border-line hover:bg-hover",
            )}
          >
            <input
              type="radio"
              name="template"
              className="mt-1 accent-accent"
              checked={template.id === chosen}
              onChange={() => {
                if (!changed || window.confirm("Replace your text by this template?")) onChoose(template);
              }}
            />
            <span className="min-w-0">
              <span className="block font-medium">{template.label}</span>
              <span className="block text-sm text-ink-soft">{template.note}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
