"use client";

import { CircleAlert } from "lucide-react";
import { signIn } from "next-auth/react";
import { useRef, useState, type FormEvent } from "react";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { useHydrated } from "@/components/ui/time";
import { returnPath } from "./return-path";

const texts = {
  wrong: "E-mail or password is wrong.",
  busy: "Too many attempts. Wait a minute, then try again.",
  away: "The server did not answer. Try again in a moment.",
};

async function attempt(form: FormData): Promise<keyof typeof texts | null> {
  const answer = await signIn("credentials", {
    redirect: false,
    email: form.get("email"),
    password: form.get("password"),
  }).catch(() => undefined);
  if (!answer) return "away";
  if (answer.ok && !answer.error) return null;
  if (answer.status === 429 || answer.error?.includes("too_many")) return "busy";
  return answer.status >= 500 ? "away" : "wrong";
}

/** E-mail and password; one text for every refusal, so that nothing tells which accounts exist. */
export function SignIn({ callbackUrl }: { callbackUrl: string | null }) {
  const [problem, setProblem] = useState<keyof typeof texts | null>(null);
  const [sending, setSending] = useState(false);
  const hydrated = useHydrated();
  const password = useRef<HTMLInputElement>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setSending(true);
    setProblem(null);
    const found = await attempt(new FormData(event.currentTarget));
    if (found === null) {
      window.location.assign(returnPath(callbackUrl, window.location.origin));
      return;
    }
    setSending(false);
    setProblem(found);
    password.current?.select();
  };
  return (
    <form
      className="grid gap-4"
      method="post"
      onSubmit={(event) => {
        void submit(event);
      }}
    >
      {problem ? (
        <p role="alert" className="flex items-start gap-2 rounded-md bg-red-soft px-3 py-2 text-sm text-red">
          <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
          {texts[problem]}
        </p>
      ) : null}
      <Field label="E-mail">
        {(ids) => <Input {...ids} name="email" type="email" autoComplete="username" autoFocus required />}
      </Field>
      <Field label="Password">
        {(ids) => (
          <Input {...ids} ref={password} name="password" type="password" autoComplete="current-password" required />
        )}
      </Field>
      <Button type="submit" look="primary" disabled={sending || !hydrated} className="w-full">
        {sending ? "Signing in…" : "Sign in"}
      </Button>
    </form>
  );
}
