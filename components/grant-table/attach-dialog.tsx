"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import { api } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNote } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { Select, type Choice } from "@/components/ui/select";
import type { GrantDto } from "@/lib/grants/schema";
import { NoPolicyWarning, noPolicy } from "./mint-grant";

interface Props {
  grant: GrantDto;
  policies: readonly Choice[];
  onClose: () => void;
}

export function AttachDialog({ grant, policies, onClose }: Props) {
  const router = useRouter();
  const [policyId, setPolicyId] = useState(grant.policy?.id ?? noPolicy);
  const { run, sending, failure } = useAction(async () => {
    await api("PUT", `/api/grants/${grant.id}/policy`, { policyId: policyId === noPolicy ? null : policyId });
    toast.success(`${grant.label} is judged by its new policy from the next call on.`);
    onClose();
    router.refresh();
  });
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Policy of ${grant.label}`}
      description="The change counts from the next call on. Connections stay open."
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void run();
        }}
      >
        <Field label="Policy">
          {(ids) => (
            <Select
              {...ids}
              value={policyId}
              onChange={setPolicyId}
              choices={[...policies, { value: noPolicy, label: "None" }]}
            />
          )}
        </Field>
        {policyId === noPolicy ? <NoPolicyWarning /> : null}
        {failure ? <ErrorNote failure={failure} /> : null}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={sending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
