import type { Metadata } from "next";
import { Suspense } from "react";
import { NewPolicyButton, PolicyList } from "@/components/policy-list/policy-list";
import { LiveRefresh } from "@/components/shell/live";
import { PageFrame } from "@/components/shell/page-frame";
import { TableSkeleton } from "@/components/ui/skeleton";
import { requireCtx } from "@/lib/auth/auth.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { listPolicies } from "@/lib/policies/policies.server";
import { refusalOf } from "../rights";

export const metadata: Metadata = { title: "Policies" };

export default async function PoliciesPage() {
  const ctx = await requireCtx("read");
  return (
    <PageFrame title="Policies" actions={<NewPolicyButton refusal={refusalOf(ctx, "policy.write")} />}>
      <LiveRefresh topics={["policies", "grants"]} />
      <Suspense fallback={<TableSkeleton />}>
        <Policies ctx={ctx} />
      </Suspense>
    </PageFrame>
  );
}

async function Policies({ ctx }: { ctx: Ctx }) {
  return <PolicyList policies={await listPolicies(ctx)} refusal={refusalOf(ctx, "policy.write")} />;
}
