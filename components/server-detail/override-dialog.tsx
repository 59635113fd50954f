"use client";

import { useRouter } from "next/navigation";
import { useRef, useState } from "react";
import { toast } from "sonner";
import { api } from "@/components/shell/api";
import { errorsByField, issuesOf } from "@/components/shell/form-errors";
import { useAction } from "@/components/shell/use-action";
import { useErrorFocus } from "@/components/shell/use-error-focus";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNote } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { Select, type Choice } from "@/components/ui/select";
import { visibleText } from "@/components/ui/visible-text";
import { toolCategories, toolRisks } from "@/lib/kernel/tool-class";
import type { ToolDto, ToolOverride } from "@/lib/servers/schema";
import { categoryLooks, riskLooks, ToolEvidence } from "./tool-class";

interface Props {
  serverId: string;
  tool: ToolDto;
  /** Why this person may not set the risk; null when they may. */
  riskRefusal: string | null;
  onClose: () => void;
}

/** Stands for "what the definition says". */
const computed = "computed";

const wordOf = (value: string) => (value === computed ? null : value);

/** Category and risk of one tool, decided by a person with a reason. */
export function OverrideDialog({ serverId, tool, riskRefusal, onClose }: Props) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const before = {
    category: tool.overridden.category ? tool.category : computed,
    risk: tool.overridden.risk ? tool.risk : computed,
  };
  const [category, setCategory] = useState<string>(before.category);
  const [risk, setRisk] = useState<string>(before.risk);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const { run, sending, failure } = useAction(async (input: ToolOverride) => {
    await api("PATCH", `/api/servers/${serverId}/tools/${encodeURIComponent(tool.name)}`, input);
    toast.success(`${visibleText(tool.name)} is judged by this from the next call on.`);
    onClose();
    router.refresh();
  });
  useErrorFocus(form, errors, failure);
  const isChanged = category !== before.category || risk !== before.risk;
  const submit = async (data: FormData) => {
    const { ToolOverride } = await import("@/lib/servers/schema");
    const parsed = ToolOverride.safeParse({
      ...(category === before.category ? {} : { category: wordOf(category) }),
      ...(risk === before.risk ? {} : { risk: wordOf(risk) }),
      reason: data.get("reason"),
    });
    setErrors(parsed.success ? {} : errorsByField(issuesOf(parsed.error)));
    if (parsed.success) await run(parsed.data);
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Class of ${visibleText(tool.name)}`}
      description="Policies may ask for a tool's category and risk. A scan keeps what is set here."
    >
      <form
        ref={form}
        noValidate
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(new FormData(event.currentTarget));
        }}
      >
        <div className="rounded-md bg-sunken px-3 py-2 text-sm">
          <ToolEvidence tool={tool} />
        </div>
        <Field label="Category" hint="Another category never lowers the risk.">
          {(ids) => <Select {...ids} value={category} onChange={setCategory} choices={categoryChoices(tool)} />}
        </Field>
        {riskRefusal === null ? (
          <Field label="Risk" hint="A risk below the computed one is your decision, and is recorded as such.">
            {(ids) => <Select {...ids} value={risk} onChange={setRisk} choices={riskChoices(tool)} />}
          </Field>
        ) : (
          <p className="text-sm text-ink-soft">
            Risk: {riskLooks[tool.risk].word}. {riskRefusal}
          </p>
        )}
        <Field label="Reason" error={errors.reason} hint="Kept in the audit log.">
          {(ids) => <Input {...ids} name="reason" maxLength={500} placeholder="It only moves to the trash" />}
        </Field>
        {failure ? <ErrorNote failure={failure} /> : null}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={sending || !isChanged}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function categoryChoices(tool: ToolDto): Choice[] {
  return [
    { value: computed, label: "By its definition", note: categoryLooks[tool.computed.category].word },
    ...toolCategories.map((value) => ({ value, label: categoryLooks[value].word })),
  ];
}

function riskChoices(tool: ToolDto): Choice[] {
  return [
    { value: computed, label: "By its definition", note: riskLooks[tool.computed.risk].word },
    ...toolRisks.map((value) => ({ value, label: riskLooks[value].word })),
  ];
}
