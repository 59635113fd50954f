"use client";

import { KeyRound, TriangleAlert } from "lucide-react";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useState, useSyncExternalStore, type FormEvent } from "react";
import { api, isApiCode } from "@/components/shell/api";
import { errorsByField, issuesOf } from "@/components/shell/form-errors";
import { useAction } from "@/components/shell/use-action";
import { useErrorFocus } from "@/components/shell/use-error-focus";
import { Button } from "@/components/ui/button";
import { ErrorNote } from "@/components/ui/error-note";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import type { SetupInput } from "@/lib/auth/schema";

function watchFragment(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => {
    window.removeEventListener("hashchange", changed);
  };
}

/** The token of the link, from the fragment; null until the browser has been asked. */
function useToken(): string | null {
  return useSyncExternalStore<string | null>(
    watchFragment,
    () => window.location.hash.slice(1),
    () => null,
  );
}

/** Makes the first organisation and its admin with the one-time link of the start log. */
export function SetUp() {
  const token = useToken();
  const [refused, setRefused] = useState<"setup_token" | "setup_done" | null>(null);
  if (refused === "setup_done") {
    return (
      <Told title="Already set up">
        This installation has an admin.{" "}
        <a className="text-accent underline" href="/login">
          Sign in
        </a>{" "}
        instead.
      </Told>
    );
  }
  if (token === "" || refused === "setup_token") {
    return (
      <Told title={token === "" ? "Open the set-up link" : "This link is wrong or was used"}>
        The terminal that started PolicyLayer printed a link that ends in <code className="font-mono">/setup#…</code>{" "}
        and works once. Open that link, or restart PolicyLayer to get a new one.
      </Told>
    );
  }
  return <SetUpForm token={token ?? ""} onRefused={setRefused} />;
}

function Told({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div role="alert">
      <h1 className="mb-2 text-xl">{title}</h1>
      <p className="text-base text-ink-soft">{children}</p>
    </div>
  );
}

interface FormProps {
  token: string;
  onRefused: (code: "setup_token" | "setup_done") => void;
}

function SetUpForm({ token, onRefused }: FormProps) {
  const router = useRouter();
  const form = useRef<HTMLFormElement>(null);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const { run, sending, failure } = useAction(async (input: SetupInput) => {
    try {
      await api("POST", "/api/setup", input);
      router.replace("/overview");
    } catch (error) {
      if (isApiCode(error, "setup_token")) onRefused("setup_token");
      else if (isApiCode(error, "setup_done")) onRefused("setup_done");
      else throw error;
    }
  });
  useEffect(() => {
    form.current?.querySelector("input")?.focus();
  }, []);
  useErrorFocus(form, errors, failure);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const { SetupInput } = await import("@/lib/auth/schema");
    const parsed = SetupInput.safeParse({ ...Object.fromEntries(data), token });
    setErrors(parsed.success ? {} : errorsByField(issuesOf(parsed.error)));
    if (parsed.success) await run(parsed.data);
  };
  const found = { ...errorsByField(failure?.issues ?? []), ...errors };
  return (
    <form
      ref={form}
      noValidate
      method="post"
      className="grid gap-4"
      onSubmit={(event) => {
        void submit(event);
      }}
    >
      <div>
        <h1 className="text-xl">Set up PolicyLayer</h1>
        <p className="mt-1 text-base text-ink-soft">You become the first admin of a new organisation.</p>
      </div>
      <Field label="Organisation" error={found.organisation}>
        {(ids) => <Input {...ids} name="organisation" autoComplete="organization" />}
      </Field>
      <Field label="Your name" error={found.name}>
        {(ids) => <Input {...ids} name="name" autoComplete="name" />}
      </Field>
      <Field label="E-mail" error={found.email}>
        {(ids) => <Input {...ids} name="email" type="email" autoComplete="username" />}
      </Field>
      <Field label="Password" error={found.password} hint="At least 12 characters">
        {(ids) => <Input {...ids} name="password" type="password" autoComplete="new-password" />}
      </Field>
      {failure ? <ErrorNote failure={failure} /> : null}
      <Button type="submit" look="primary" disabled={sending || token === ""}>
        <KeyRound aria-hidden /> {sending ? "Setting up…" : "Create organisation"}
      </Button>
      <p className="flex items-start gap-2 text-sm text-ink-soft">
        <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
        Back up the key file in the data folder: without it, sealed secrets cannot be read again.
      </p>
    </form>
  );
}
