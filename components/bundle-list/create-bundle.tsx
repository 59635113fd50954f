"use client";

import { Plus } from "lucide-react";
import { useRouter } from "next/navigation";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { useRef, useState } from "react";
import { api } from "@/components/shell/api";
import { errorsByField, issuesOf } from "@/components/shell/form-errors";
import { useAction } from "@/components/shell/use-action";
import { useErrorFocus } from "@/components/shell/use-error-focus";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNote } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { GatedButton } from "@/components/ui/gated-button";
import { Input } from "@/components/ui/input";
import type { BundleDto, BundleInput } from "@/lib/bundles/schema";

function useCreateDialog() {
  return useQueryState("dialog", parseAsStringLiteral(["create"]));
}

/** Opens the dialog "Create bundle", which the page renders once. */
export function CreateBundleButton({ refusal }: { refusal: string | null }) {
  const [, setDialog] = useCreateDialog();
  return (
    <GatedButton look="primary" reason={refusal} onClick={() => void setDialog("create")}>
      <Plus aria-hidden /> Create bundle
    </GatedButton>
  );
}

export function CreateBundle({ refusal }: { refusal: string | null }) {
  const [dialog, setDialog] = useCreateDialog();
  if (dialog === null || refusal !== null) return null;
  return <CreateDialog onClose={() => void setDialog(null)} />;
}

function CreateDialog({ onClose }: { onClose: () => void }) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const [name, setName] = useState("");
  const [errors, setErrors] = useState<Record<string, string>>({});
  const { run, sending, failure } = useAction(async (input: BundleInput) => {
    const bundle = await api<BundleDto>("POST", "/api/bundles", input);
    router.push(`/bundles/${bundle.id}`);
  });
  useErrorFocus(form, errors, failure);
  const submit = async () => {
    const { BundleInput } = await import("@/lib/bundles/schema");
    const parsed = BundleInput.safeParse({ name });
    setErrors(parsed.success ? {} : errorsByField(issuesOf(parsed.error)));
    if (parsed.success) await run(parsed.data);
  };
  const found = { ...errorsByField(failure?.issues ?? []), ...errors };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Create bundle"
      description="Several servers behind one URL. Servers are added on the next page."
    >
      <form
        ref={form}
        noValidate
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Field label="Name" error={found.name}>
          {(ids) => (
            <Input
              {...ids}
              value={name}
              placeholder="Support desk"
              onChange={(event) => {
                setName(event.target.value);
              }}
            />
          )}
        </Field>
        {failure ? <ErrorNote failure={failure} /> : null}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={sending}>
            {sending ? "Creating…" : "Create bundle"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
