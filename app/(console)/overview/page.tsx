import type { Metadata } from "next";
import { Suspense } from "react";
import { Overview } from "@/components/overview/overview";
import { OverviewSkeleton } from "@/components/overview/overview-skeleton";
import { PageFrame } from "@/components/shell/page-frame";
import { readOverview } from "@/lib/analytics/analytics.server";
import { requireCtx } from "@/lib/auth/auth.server";
import type { Ctx } from "@/lib/kernel/ctx";

export const metadata: Metadata = { title: "Overview" };

export default async function OverviewPage() {
  const ctx = await requireCtx("read");
  return (
    <PageFrame title="Overview">
      <Suspense fallback={<OverviewSkeleton />}>
        <Figures ctx={ctx} />
      </Suspense>
    </PageFrame>
  );
}

async function Figures({ ctx }: { ctx: Ctx }) {
  return <Overview initial={await readOverview(ctx)} />;
}
