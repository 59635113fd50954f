import type { Metadata } from "next";
import { NewPolicy } from "@/components/policy-editor/new-policy";
import { PageFrame } from "@/components/shell/page-frame";
import { requireCtx } from "@/lib/auth/auth.server";
import { refusalOf } from "../../rights";
import { listTemplates } from "./templates";

export const metadata: Metadata = { title: "New policy" };

export default async function NewPolicyPage() {
  const ctx = await requireCtx("read");
  return (
    <PageFrame wide title="New policy" crumbs={[{ label: "Policies", href: "/policies" }]}>
      <NewPolicy templates={await listTemplates()} refusal={refusalOf(ctx, "policy.write")} />
    </PageFrame>
  );
}
