"use client";

import { useRouter } from "next/navigation";
import { useId, useRef, useState, type ReactNode } from "react";
import { toast } from "sonner";
import { api, type ApiFailure } from "@/components/shell/api";
import { errorsByField, issuesOf } from "@/components/shell/form-errors";
import { useAction } from "@/components/shell/use-action";
import { useErrorFocus } from "@/components/shell/use-error-focus";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { ErrorNote } from "@/components/ui/error-note";
import type { ServerPatch } from "@/lib/servers/schema";

interface Props {
  serverId: string;
  title: string;
  description: string;
  /** What the fields say now, read by their names; judged by the schema before it is sent. */
  read: (field: (name: string) => string) => ServerPatch;
  /** `errors` by field of the patch, dotted. */
  children: (errors: Record<string, string | undefined>) => ReactNode;
  onClose: () => void;
}

/** The form around one group of a server's settings: judged here and by the server, saved as one change. */
export function SettingsDialog({ serverId, title, description, read, children, onClose }: Props) {
  const router = useRouter();
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const { run, sending, failure } = useAction(async (patch: ServerPatch) => {
    await api("PATCH", `/api/servers/${serverId}`, patch);
    toast.success("Saved. It holds from the next call on.");
    onClose();
    router.refresh();
  });
  useErrorFocus(form, errors, failure);
  const submit = async (data: FormData) => {
    const { ServerPatch } = await import("@/lib/servers/schema");
    const parsed = ServerPatch.safeParse(
      read((name) => {
        const value = data.get(name);
        return typeof value === "string" ? value : "";
      }),
    );
    setErrors(parsed.success ? {} : errorsByField(issuesOf(parsed.error).map(toField)));
    if (parsed.success) await run(parsed.data);
  };
  const found = { ...errorsByField((failure?.issues ?? []).map(toField)), ...errors };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={title}
      description={description}
      width="lg"
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={id} look="primary" disabled={sending}>
            Save
          </Button>
        </>
      }
    >
      <form
        id={id}
        ref={form}
        noValidate
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(new FormData(event.currentTarget));
        }}
      >
        {children(found)}
        {failure ? <Refusal failure={failure} /> : null}
      </form>
    </Dialog>
  );
}

/** What failed, unless its field says so already. */
function Refusal({ failure }: { failure: ApiFailure }) {
  const others = failure.issues.filter(({ path }) => !/^(timeouts|caPem|forwardHeaders|elicitationHosts)\b/.test(path));
  if (failure.issues.length === 0) return <ErrorNote failure={failure} />;
  if (others.length === 0) return null;
  return <ErrorNote failure={{ ...failure, detail: others.map(({ message }) => message).join(". ") }} />;
}

/** Entries of a list share one field. */
function toField({ path, message }: { path: string; message: string }) {
  return { path: path.replace(/\.\d+$/, ""), message };
}
