import type { Metadata } from "next";
import { SignInReturn } from "@/components/server-auth/sign-in-return";
import { PageFrame } from "@/components/shell/page-frame";
import { requireCtx } from "@/lib/auth/auth.server";

export const metadata: Metadata = { title: "Signing in at a server" };

export default async function SignInReturnPage() {
  await requireCtx("server.manage");
  return (
    <PageFrame title="Signing in at a server" crumbs={[{ label: "Servers", href: "/servers" }]}>
      <SignInReturn />
    </PageFrame>
  );
}
