"use client";

import { useRouter } from "next/navigation";
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { api } from "@/components/shell/api";
import { errorsByField } from "@/components/shell/form-errors";
import { forgetPolicyDraft, peekPolicyDraft } from "@/components/shell/policy-draft";
import { useAction } from "@/components/shell/use-action";
import { useErrorFocus } from "@/components/shell/use-error-focus";
import { Button } from "@/components/ui/button";
import { ErrorNote } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { GatedButton } from "@/components/ui/gated-button";
import { Input } from "@/components/ui/input";
import { Tabs } from "@/components/ui/tabs";
import { visibleText } from "@/components/ui/visible-text";
import type { PolicyDto, PolicyInput } from "@/lib/policies/schema";
import { PolicyText } from "./policy-text";
import { StartFromImport } from "./start-from-import";
import { StartFromServer, type ServerChoice } from "./start-from-server";
import { filledText, TemplatePicker, type Inputs, type TemplateText } from "./template-picker";
import { TestLine } from "./test-line";
import { useNewText } from "./use-new-text";
import { errorCount, useProblems } from "./use-problems";
import { useTestRun } from "./use-test-run";
import { useUnsaved } from "./use-unsaved";

export type { ServerChoice };

/** The policy that the new one begins as a copy of. */
export interface NewPolicyCopy {
  id: string;
  name: string;
  text: string;
}

interface Props {
  templates: readonly TemplateText[];
  servers: readonly ServerChoice[];
  copy: NewPolicyCopy | null;
  refusal: string | null;
}

/** Where the text came from: one of the templates, or elsewhere, which is said in a sentence. */
type Origin = { template: string } | { template: null; said: string };

const first = "payments-starter";
const nameMax = 80;

function copiedName(name: string): string {
  return `${[...name].slice(0, nameMax - 7).join("")} (copy)`;
}

/** What the page opens with: a copy, a text that another page left for it, or the first template. */
function useOpening(templates: readonly TemplateText[], copy: NewPolicyCopy | null) {
  const [opening] = useState((): { text: string; origin: Origin } => {
    if (copy) return { text: copy.text, origin: { template: null, said: `Copy of ${visibleText(copy.name)}.` } };
    const left = peekPolicyDraft();
    if (left) return { text: left.text, origin: { template: null, said: `${left.label}. ${left.note}.` } };
    return { text: filledText(templates, first), origin: { template: first } };
  });
  useEffect(() => {
    forgetPolicyDraft();
  }, []);
  return opening;
}

/** A new policy: a name, a text to start from, version 1. Nothing is stored before it is published. */
export function NewPolicy({ templates, servers, copy, refusal }: Props) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const opening = useOpening(templates, copy);
  const [name, setName] = useState(copy ? copiedName(copy.name) : "");
  const [nameError, setNameError] = useState<{ text: string } | undefined>(undefined);
  const [origin, setOrigin] = useState<Origin>(opening.origin);
  const [inputs, setInputs] = useState<Readonly<Record<string, Inputs>>>({});
  const { text, setText, edited, startFrom } = useNewText(opening.text);
  const findings = useProblems(text);
  const tests = useTestRun(text);
  const mend = errorCount(findings.problems) > 0 ? "problems" : (tests.run?.failed ?? 0) > 0 ? "failing tests" : null;
  const readOnly = refusal !== null;
  const { run, sending, failure } = useAction(async (input: PolicyInput) => {
    const policy = await api<PolicyDto>("POST", "/api/policies", input);
    router.push(`/policies/${policy.id}`);
  });
  useUnsaved(edited && !readOnly && !sending, "/policies/new");
  useErrorFocus(form, nameError, failure);
  const submit = async () => {
    if (readOnly || sending || mend !== null) return;
    const { PolicyInput } = await import("@/lib/policies/schema");
    const parsed = PolicyInput.safeParse({ name, text });
    setNameError(parsed.success ? undefined : { text: "A name of 1 to 80 characters" });
    if (parsed.success) await run(parsed.data);
  };
  const takeText = (next: string, said: string) => {
    if (startFrom(next)) setOrigin({ template: null, said });
  };
  return (
    <form
      ref={form}
      noValidate
      className="grid items-start gap-4 lg:grid-cols-[22rem_minmax(0,1fr)]"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div className="grid min-w-0 gap-4">
        <Field label="Name" error={nameError?.text ?? errorsByField(failure?.issues ?? []).name}>
          {(ids) => (
            <Input
              {...ids}
              value={name}
              placeholder="Payments, support bot"
              readOnly={readOnly}
              onChange={(event) => {
                setName(event.target.value);
              }}
            />
          )}
        </Field>
        <div onKeyDown={keepFromSubmitting}>
          <Tabs
            label="Start from"
            tabs={[
              {
                value: "template",
                label: "Template",
                content: (
                  <TemplatePicker
                    templates={templates}
                    inputs={inputs}
                    onInputs={setInputs}
                    chosen={origin.template}
                    onChoose={(id) => {
                      setOrigin({ template: id });
                    }}
                    edited={edited}
                    startFrom={startFrom}
                    readOnly={readOnly}
                  />
                ),
              },
              {
                value: "server",
                label: "Server's tools",
                content: <StartFromServer servers={servers} onText={takeText} readOnly={readOnly} />,
              },
              { value: "import", label: "Import", content: <StartFromImport onText={takeText} readOnly={readOnly} /> },
            ]}
          />
        </div>
      </div>
      <div className="grid min-w-0 gap-3 lg:sticky lg:top-16">
        <OriginLine>{origin.template === null ? origin.said : null}</OriginLine>
        <PolicyText
          value={text}
          onChange={setText}
          onSave={() => form.current?.requestSubmit()}
          readOnly={readOnly}
          findings={findings}
          label="Text of the new policy"
          aroundRem={23}
        />
        <TestLine findings={tests} />
        {failure ? <ErrorNote failure={failure} /> : null}
        <div className="flex flex-wrap items-center justify-end gap-2">
          {mend === null ? null : <p className="text-sm text-red">Mend the {mend} above first.</p>}
          <Button
            onClick={() => {
              router.push("/policies");
            }}
          >
            Cancel
          </Button>
          <GatedButton type="submit" look="primary" reason={refusal} disabled={sending || mend !== null}>
            {sending ? "Publishing…" : "Publish version 1"}
          </GatedButton>
        </div>
      </div>
    </form>
  );
}

/** Enter in a field of the template would publish: the browser takes it for the form's own. */
function keepFromSubmitting(event: KeyboardEvent): void {
  if (event.key === "Enter" && event.target instanceof HTMLInputElement) event.preventDefault();
}

/** Always there, so that a change of it is read out. */
function OriginLine({ children }: { children: ReactNode }) {
  return (
    <p role="status" className="text-sm text-ink-soft empty:hidden">
      {children}
    </p>
  );
}
