"use client";

import { KeyRound, Plus } from "lucide-react";
import { useRouter } from "next/navigation";
import { useRef, useState } from "react";
import { toast } from "sonner";
import { api } from "@/components/shell/api";
import { errorsByField, issuesOf } from "@/components/shell/form-errors";
import { useAction } from "@/components/shell/use-action";
import { useErrorFocus } from "@/components/shell/use-error-focus";
import { Button } from "@/components/ui/button";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNote } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { GatedButton } from "@/components/ui/gated-button";
import { Input } from "@/components/ui/input";
import { Panel } from "@/components/ui/panel";
import type { HeaderInput } from "@/lib/servers/schema";

interface Props {
  serverId: string;
  /** A local process: what it has are environment variables. */
  isLocal: boolean;
  /** False while calls carry an OAuth token instead. */
  isUsed: boolean;
  names: readonly string[];
  refusal: string | null;
}

const headerWords = {
  title: "Headers",
  note: "sent with every call",
  one: "header",
  example: "Authorization",
  none: "No header is added.",
  used: "is set and used from the next call on.",
  removed: "Calls go to the server without this header from now on. Its sealed value is deleted.",
};
type Words = typeof headerWords;
const variableWords: Words = {
  title: "Environment variables",
  note: "given to the process",
  one: "variable",
  example: "API_KEY",
  none: "The process gets no variable of its own.",
  used: "is set. Running processes are ended, new ones get it.",
  removed: "Running processes are ended, new ones start without it. Its sealed value is deleted.",
};

/** Static headers of a server: names only, since values are sealed once set. */
export function ServerHeaders({ serverId, isLocal, isUsed, names, refusal }: Props) {
  const router = useRouter();
  const words = isLocal ? variableWords : headerWords;
  /** The header being set: null = closed, "" = a new one. */
  const [setting, setSetting] = useState<string | null>(null);
  const [removing, setRemoving] = useState<string | null>(null);
  const remove = useAction(async (name: string) => {
    await api("DELETE", `/api/servers/${serverId}/headers/${encodeURIComponent(name)}`);
    toast.success(`Removed ${name}.`);
    setRemoving(null);
    router.refresh();
  });
  return (
    <Panel
      title={words.title}
      note={isUsed ? words.note : "not sent while OAuth is chosen"}
      bodyClassName="p-0"
      actions={
        <GatedButton
          size="sm"
          reason={refusal}
          onClick={() => {
            setSetting("");
          }}
        >
          <Plus aria-hidden /> Set {words.one}
        </GatedButton>
      }
    >
      {names.length === 0 ? (
        <p className="p-4 text-base text-ink-soft">{words.none}</p>
      ) : (
        <ul className="divide-y divide-line">
          {names.map((name) => (
            <li key={name} className="flex flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2">
              <KeyRound aria-hidden className="size-4 text-ink-faint" />
              <code className="min-w-0 grow font-mono text-sm [overflow-wrap:anywhere]">{name}</code>
              <span className="text-sm text-ink-soft">sealed</span>
              {refusal === null ? (
                <span className="flex gap-1">
                  <Button
                    size="sm"
                    look="ghost"
                    aria-label={`Replace ${name}`}
                    onClick={() => {
                      setSetting(name);
                    }}
                  >
                    Replace
                  </Button>
                  <Button
                    size="sm"
                    look="ghost"
                    className="text-red"
                    aria-label={`Remove ${name}`}
                    onClick={() => {
                      setRemoving(name);
                    }}
                  >
                    Remove
                  </Button>
                </span>
              ) : null}
            </li>
          ))}
        </ul>
      )}
      {setting === null ? null : (
        <HeaderDialog
          serverId={serverId}
          isLocal={isLocal}
          words={words}
          name={setting}
          onDone={() => {
            setSetting(null);
          }}
        />
      )}
      <ConfirmDialog
        open={removing !== null}
        onOpenChange={() => {
          setRemoving(null);
        }}
        title={`Remove ${removing ?? ""}?`}
        consequence={words.removed}
        verb={`Remove ${words.one}`}
        sending={remove.sending}
        failure={remove.failure}
        onConfirm={() => {
          if (removing !== null) void remove.run(removing);
        }}
      />
    </Panel>
  );
}

interface DialogProps {
  serverId: string;
  isLocal: boolean;
  words: Words;
  /** "" = a new one. */
  name: string;
  onDone: () => void;
}

function HeaderDialog({ serverId, isLocal, words, name, onDone }: DialogProps) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const { run, sending, failure } = useAction(async (input: HeaderInput) => {
    await api("PUT", `/api/servers/${serverId}/headers/${encodeURIComponent(input.name)}`, { value: input.value });
    toast.success(`${input.name} ${words.used}`);
    onDone();
    router.refresh();
  });
  useErrorFocus(form, errors, failure);
  const submit = async (data: FormData) => {
    const { HeaderInput, VariableInput } = await import("@/lib/servers/schema");
    const parsed = (isLocal ? VariableInput : HeaderInput).safeParse({
      name: name || data.get("name"),
      value: data.get("value"),
    });
    setErrors(parsed.success ? {} : errorsByField(issuesOf(parsed.error)));
    if (parsed.success) await run(parsed.data);
  };
  return (
    <Dialog
      open
      onOpenChange={onDone}
      title={name ? `Replace ${name}` : `Set ${words.one}`}
      description="The value is sealed at once and never shown again."
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
        {name ? null : (
          <Field label={isLocal ? "Variable" : "Header"} error={errors.name}>
            {(ids) => <Input {...ids} name="name" className="font-mono" placeholder={words.example} />}
          </Field>
        )}
        <Field label="Value" error={errors.value}>
          {(ids) => <Input {...ids} name="value" type="password" autoComplete="off" className="font-mono" />}
        </Field>
        {failure ? <ErrorNote failure={failure} /> : null}
        <div className="flex justify-end gap-2">
          <Button onClick={onDone}>Cancel</Button>
          <Button type="submit" look="primary" disabled={sending}>
            {name ? "Replace" : `Set ${words.one}`}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
