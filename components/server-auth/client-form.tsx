"use client";

import { useRef, useState } from "react";
import { toast } from "sonner";
import { api } from "@/components/shell/api";
import { errorsByField, issuesOf } from "@/components/shell/form-errors";
import { useAction } from "@/components/shell/use-action";
import { useErrorFocus } from "@/components/shell/use-error-focus";
import { Button } from "@/components/ui/button";
import { ErrorNote } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import type { SignInClient } from "@/lib/servers/oauth-schema";

interface Props {
  serverId: string;
  issuer: string;
  onDone: () => void;
}

/** Id and secret of a client that an admin registered by hand. The secret is sealed and never shown again. */
export function ClientForm({ serverId, issuer, onDone }: Props) {
  const form = useRef<HTMLFormElement>(null);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const { run, sending, failure } = useAction(async (input: SignInClient) => {
    await api("PUT", `/api/servers/${serverId}/oauth/client`, input);
    toast.success("Client saved.");
    onDone();
  });
  useErrorFocus(form, errors, failure);
  const submit = async (data: FormData) => {
    const { SignInClient } = await import("@/lib/servers/oauth-schema");
    const parsed = SignInClient.safeParse({
      issuer,
      clientId: data.get("clientId"),
      clientSecret: data.get("clientSecret") || null,
    });
    setErrors(parsed.success ? {} : errorsByField(issuesOf(parsed.error)));
    if (parsed.success) await run(parsed.data);
  };
  return (
    <form
      ref={form}
      noValidate
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        void submit(new FormData(event.currentTarget));
      }}
    >
      <Field label="Client id" error={errors.clientId}>
        {(ids) => <Input {...ids} name="clientId" autoComplete="off" className="font-mono" />}
      </Field>
      <Field label="Client secret" optional error={errors.clientSecret} hint="Sealed at once and never shown again.">
        {(ids) => <Input {...ids} name="clientSecret" type="password" autoComplete="off" className="font-mono" />}
      </Field>
      {failure ? <ErrorNote failure={failure} /> : null}
      <div className="flex justify-end">
        <Button type="submit" look="primary" disabled={sending}>
          Save client
        </Button>
      </div>
    </form>
  );
}
