import type { Metadata } from "next";
import { Suspense } from "react";
import { BundleList } from "@/components/bundle-list/bundle-list";
import { CreateBundle, CreateBundleButton } from "@/components/bundle-list/create-bundle";
import { LiveRefresh } from "@/components/shell/live";
import { PageFrame } from "@/components/shell/page-frame";
import { TableSkeleton } from "@/components/ui/skeleton";
import { requireCtx } from "@/lib/auth/auth.server";
import { listBundles } from "@/lib/bundles/bundles.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { refusalOf } from "../rights";

export const metadata: Metadata = { title: "Bundles" };

export default async function BundlesPage() {
  const ctx = await requireCtx("read");
  const refusal = refusalOf(ctx, "server.manage");
  return (
    <PageFrame title="Bundles" actions={<CreateBundleButton refusal={refusal} />}>
      <CreateBundle refusal={refusal} />
      <LiveRefresh topics={["bundles", "servers", "grants"]} />
      <Suspense fallback={<TableSkeleton />}>
        <Bundles ctx={ctx} />
      </Suspense>
    </PageFrame>
  );
}

async function Bundles({ ctx }: { ctx: Ctx }) {
  return <BundleList bundles={await listBundles(ctx)} refusal={refusalOf(ctx, "server.manage")} />;
}
