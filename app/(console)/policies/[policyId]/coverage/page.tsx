import type { Metadata } from "next";
import { Suspense } from "react";
import { CoverageMap } from "@/components/policy-coverage/coverage-map";
import { TableSkeleton } from "@/components/ui/skeleton";
import { requireCtx } from "@/lib/auth/auth.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { getPolicy, policyCoverage } from "@/lib/policies/policies.server";
import { CoverageQuery, type PolicyDto } from "@/lib/policies/schema";
import { found } from "../../../found";
import { PolicyFrame } from "../policy-frame";

export const metadata: Metadata = { title: "Coverage of a policy" };

interface Props {
  params: Promise<{ policyId: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function CoveragePage({ params, searchParams }: Props) {
  const { policyId } = await params;
  const asked = CoverageQuery.safeParse({ days: (await searchParams).days });
  const { days } = asked.success ? asked.data : CoverageQuery.parse({});
  const ctx = await requireCtx("read");
  const policy = await found(getPolicy(ctx, policyId));
  return (
    <PolicyFrame policy={policy} below={[{ label: "Coverage" }]}>
      <Suspense key={days} fallback={<TableSkeleton rows={12} />}>
        <Coverage ctx={ctx} policy={policy} days={days} />
      </Suspense>
    </PolicyFrame>
  );
}

async function Coverage({ ctx, policy, days }: { ctx: Ctx; policy: PolicyDto; days: number }) {
  const { id, name, liveVersion } = policy;
  return <CoverageMap policy={{ id, name, liveVersion }} coverage={await policyCoverage(ctx, id, days)} />;
}
