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
import type { ServerDto, ServerInput } from "@/lib/servers/schema";
import { AddressFields, CommandFields, TransportField } from "./endpoint-fields";
import { blankDraft, toInput, type Draft, type LocalServers } from "./server-draft";
import { SecretRows } from "./secret-rows";

function useAddDialog() {
  return useQueryState("dialog", parseAsStringLiteral(["add"]));
}

/** Opens the dialog "Add server", which the page renders once. */
export function AddServerButton({ refusal }: { refusal: string | null }) {
  const [, setDialog] = useAddDialog();
  return (
    <GatedButton look="primary" reason={refusal} onClick={() => void setDialog("add")}>
      <Plus aria-hidden /> Add server
    </GatedButton>
  );
}

export function AddServer({ refusal, local }: { refusal: string | null; local: LocalServers }) {
  const [dialog, setDialog] = useAddDialog();
  if (dialog === null || refusal !== null) return null;
  return <AddServerDialog local={local} onOpenChange={() => void setDialog(null)} />;
}

interface DialogProps {
  local: LocalServers;
  onOpenChange: (open: boolean) => void;
}

function AddServerDialog({ local, onOpenChange }: DialogProps) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState<Draft>(blankDraft);
  const isLocal = draft.transport === "stdio";
  const [errors, setErrors] = useState<Record<string, string>>({});
  const change = (part: Partial<Draft>) => {
    setDraft({ ...draft, ...part });
  };
  const { run, sending, failure } = useAction(async (input: ServerInput) => {
    const server = await api<ServerDto>("POST", "/api/servers", input);
    router.push(`/servers/${server.id}`);
  });
  useErrorFocus(form, errors, failure);
  const submit = async () => {
    const { ServerInput } = await import("@/lib/servers/schema");
    const parsed = ServerInput.safeParse(toInput(draft));
    setErrors(parsed.success ? {} : errorsByField(issuesOf(parsed.error)));
    if (parsed.success) await run(parsed.data);
  };
  const found = { ...errorsByField(failure?.issues ?? []), ...errors };
  return (
    <Dialog
      open
      onOpenChange={onOpenChange}
      title="Add server"
      description="An MCP server. Agents will reach it through the gateway only."
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
              value={draft.name}
              placeholder="Payments"
              onChange={(event) => {
                change({ name: event.target.value });
              }}
            />
          )}
        </Field>
        <TransportField
          value={draft.transport}
          local={local}
          onChange={(transport) => change({ transport, headers: [] })}
        />
        {isLocal ? (
          <CommandFields draft={draft} commands={local.commands} errors={found} onChange={change} />
        ) : (
          <AddressFields draft={draft} errors={found} onChange={change} />
        )}
        <SecretRows
          isLocal={isLocal}
          rows={draft.headers}
          errors={found}
          onChange={(headers) => {
            change({ headers });
          }}
        />
        {failure ? <ErrorNote failure={failure} /> : null}
        <div className="flex justify-end gap-2">
          <Button
            onClick={() => {
              onOpenChange(false);
            }}
          >
            Cancel
          </Button>
          <Button type="submit" look="primary" disabled={sending}>
            {sending ? "Adding…" : "Add server"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
