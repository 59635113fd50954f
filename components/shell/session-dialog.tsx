"use client";

import { signIn } from "next-auth/react";
import { useEffect, useState, type FormEvent } from "react";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { sessionEnded } from "./api";
import { useViewer } from "./viewer";

/** Sign in again on top of the page, so that typed input survives the end of a session. */
export function SessionDialog() {
  const viewer = useViewer();
  const [open, setOpen] = useState(false);
  const [failed, setFailed] = useState(false);
  const [sending, setSending] = useState(false);
  useEffect(() => {
    const show = () => {
      setOpen(true);
    };
    window.addEventListener(sessionEnded, show);
    return () => {
      window.removeEventListener(sessionEnded, show);
    };
  }, []);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setSending(true);
    const form = new FormData(event.currentTarget);
    const answer = await signIn("credentials", {
      redirect: false,
      email: viewer?.email ?? "",
      password: form.get("password"),
    }).catch(() => undefined);
    setSending(false);
    const ok = answer?.ok === true && !answer.error;
    setFailed(!ok);
    if (ok) setOpen(false);
  };
  return (
    <Dialog
      open={open}
      onOpenChange={setOpen}
      title="Your session ended"
      description="Sign in again to go on. What you typed on this page is kept; repeat the last action afterwards."
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          void submit(event);
        }}
      >
        <p className="text-base">
          Account: <span className="font-medium">{viewer?.email}</span>
        </p>
        <Field label="Password" error={failed ? "E-mail or password is wrong." : undefined}>
          {(ids) => <Input {...ids} name="password" type="password" autoComplete="current-password" required />}
        </Field>
        <Button type="submit" look="primary" disabled={sending}>
          Sign in
        </Button>
      </form>
    </Dialog>
  );
}
