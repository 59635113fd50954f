"use client";

import { Plus, Trash2 } from "lucide-react";
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
import { Switch } from "@/components/ui/switch";
import type { ServerDto, ServerInput } from "@/lib/servers/schema";

interface Draft {
  name: string;
  url: string;
  allowPrivateNetwork: boolean;
  headers: { name: string; value: string }[];
}
const blank: Draft = { name: "", url: "", allowPrivateNetwork: false, headers: [] };

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

export function AddServer({ refusal }: { refusal: string | null }) {
  const [dialog, setDialog] = useAddDialog();
  if (dialog === null || refusal !== null) return null;
  return <AddServerDialog onOpenChange={() => void setDialog(null)} />;
}

function AddServerDialog({ onOpenChange }: { onOpenChange: (open: boolean) => void }) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const [draft, setDraft] = useState(blank);
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
    const parsed = ServerInput.safeParse(draft);
    setErrors(parsed.success ? {} : errorsByField(issuesOf(parsed.error)));
    if (parsed.success) await run(parsed.data);
  };
  const found = { ...errorsByField(failure?.issues ?? []), ...errors };
  return (
    <Dialog
      open
      onOpenChange={onOpenChange}
      title="Add server"
      description="An MCP server that speaks streamable HTTP. Agents will reach it through the gateway only."
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
        <Field label="URL" error={found.url} hint="The MCP endpoint, such as https://mcp.example.com/mcp">
          {(ids) => (
            <Input
              {...ids}
              type="url"
              className="font-mono"
              value={draft.url}
              onChange={(event) => {
                change({ url: event.target.value });
              }}
            />
          )}
        </Field>
        <Switch
          checked={draft.allowPrivateNetwork}
          onChange={(allowPrivateNetwork) => {
            change({ allowPrivateNetwork });
          }}
          label="Private network"
          hint="Needed for a server on localhost or inside your own network. Off, such addresses are refused."
        />
        <HeaderRows
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

interface RowsProps {
  rows: Draft["headers"];
  errors: Record<string, string>;
  onChange: (rows: Draft["headers"]) => void;
}

function HeaderRows({ rows, errors, onChange }: RowsProps) {
  const set = (at: number, part: Partial<Draft["headers"][number]>) => {
    onChange(rows.map((row, index) => (index === at ? { ...row, ...part } : row)));
  };
  return (
    <fieldset className="grid gap-3">
      <legend className="mb-1.5 text-sm font-medium">
        Headers for the server <span className="ml-1 font-normal text-ink-faint">optional</span>
      </legend>
      <p className="-mt-1 text-sm text-ink-soft">
        Sent with each call, such as an API key. Values are sealed and never shown again.
      </p>
      {rows.map((row, index) => (
        <div key={index} className="grid grid-cols-[1fr_auto] items-end gap-2 sm:grid-cols-[1fr_2fr_auto]">
          <Field label="Header" error={errors[`headers.${String(index)}.name`]}>
            {(ids) => (
              <Input
                {...ids}
                className="font-mono"
                value={row.name}
                placeholder="Authorization"
                onChange={(event) => {
                  set(index, { name: event.target.value });
                }}
              />
            )}
          </Field>
          <div className="max-sm:col-span-2 max-sm:row-start-2">
            <Field label="Value" error={errors[`headers.${String(index)}.value`]}>
              {(ids) => (
                <Input
                  {...ids}
                  type="password"
                  autoComplete="off"
                  className="font-mono"
                  value={row.value}
                  onChange={(event) => {
                    set(index, { value: event.target.value });
                  }}
                />
              )}
            </Field>
          </div>
          <Button
            look="ghost"
            size="icon"
            aria-label={`Remove header ${row.name}`}
            onClick={() => {
              onChange(rows.filter((_, at) => at !== index));
            }}
          >
            <Trash2 aria-hidden />
          </Button>
        </div>
      ))}
      {rows.length < 20 ? (
        <Button
          size="sm"
          className="w-fit"
          onClick={() => {
            onChange([...rows, { name: "", value: "" }]);
          }}
        >
          <Plus aria-hidden /> Add header
        </Button>
      ) : null}
    </fieldset>
  );
}
