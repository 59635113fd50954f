import type { Metadata } from "next";
import { Suspense } from "react";
import { AddServer, AddServerButton } from "@/components/server-list/add-server";
import { ServerList } from "@/components/server-list/server-list";
import { LiveRefresh } from "@/components/shell/live";
import { PageFrame } from "@/components/shell/page-frame";
import { TableSkeleton } from "@/components/ui/skeleton";
import { requireCtx } from "@/lib/auth/auth.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { countReviews, findLocalChoice, listServers, listUnconnected } from "@/lib/servers/servers.server";
import { refusalOf } from "../rights";

export const metadata: Metadata = { title: "Servers" };

export default async function ServersPage() {
  const ctx = await requireCtx("read");
  const refusal = refusalOf(ctx, "server.manage");
  return (
    <PageFrame title="Servers" actions={<AddServerButton refusal={refusal} />}>
      <AddServer refusal={refusal} local={findLocalChoice(ctx)} />
      <LiveRefresh topics={["servers", "grants"]} />
      <Suspense fallback={<TableSkeleton />}>
        <Servers ctx={ctx} />
      </Suspense>
    </PageFrame>
  );
}

async function Servers({ ctx }: { ctx: Ctx }) {
  const [servers, reviews, signIns] = await Promise.all([listServers(ctx), countReviews(ctx), listUnconnected(ctx)]);
  return (
    <ServerList
      servers={servers}
      reviews={Object.fromEntries(reviews)}
      signIns={Object.fromEntries(signIns)}
      refusal={refusalOf(ctx, "server.manage")}
    />
  );
}
