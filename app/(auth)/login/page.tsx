import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { SignIn } from "@/components/sign-in/sign-in";
import { findCtx, isSetUp } from "@/lib/auth/auth.server";

export const metadata: Metadata = { title: "Sign in" };

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function LoginPage({ searchParams }: Props) {
  if (await findCtx()) redirect("/overview");
  const { callbackUrl } = await searchParams;
  const ready = await isSetUp();
  return (
    <>
      <h1 className="mb-4 text-xl">Sign in</h1>
      {ready ? (
        <SignIn callbackUrl={typeof callbackUrl === "string" ? callbackUrl : null} />
      ) : (
        <p className="text-base text-ink-soft">
          Nobody can sign in yet: this installation has no admin. The terminal that started PolicyLayer printed a
          one-time set-up link; open that link first.
        </p>
      )}
    </>
  );
}
