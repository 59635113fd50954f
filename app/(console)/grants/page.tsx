import type { Metadata } from "next";
import { Suspense } from "react";
import { GrantTable } from "@/components/grant-table/grant-table";
import { MintButton, MintGrant } from "@/components/grant-table/mint-grant";
import { LiveRefresh } from "@/components/shell/live";
import { PageFrame } from "@/components/shell/page-frame";
import { TableSkeleton } from "@/components/ui/skeleton";
import { visibleText } from "@/components/ui/visible-text";
import { requireCtx } from "@/lib/auth/auth.server";
import { listBundles } from "@/lib/bundles/bundles.server";
import { listGrants } from "@/lib/grants/grants.server";
import { countConnectors } from "@/lib/grants/oauth.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { listPolicies } from "@/lib/policies/policies.server";
import { listServers } from "@/lib/servers/servers.server";
import { refusalOf } from "../rights";

export const metadata: Metadata = { title: "Grants" };

export default async function GrantsPage() {
  const ctx = await requireCtx("read");
  const choices = await readChoices(ctx);
  const refusal = refusalOf(ctx, "grant.manage");
  return (
    <PageFrame title="Grants" actions={<MintButton refusal={refusal} />}>
      <MintGrant choices={choices} refusal={refusal} />
      <LiveRefresh topics={["grants", "servers", "bundles", "policies"]} />
      <Suspense fallback={<TableSkeleton />}>
        <Grants ctx={ctx} choices={choices} />
      </Suspense>
    </PageFrame>
  );
}

type Choices = Awaited<ReturnType<typeof readChoices>>;

async function readChoices(ctx: Ctx) {
  const [servers, bundles, policies] = await Promise.all([listServers(ctx), listBundles(ctx), listPolicies(ctx)]);
  const choice = ({ id, name }: { id: string; name: string }) => ({ value: id, label: visibleText(name) });
  return { servers: servers.map(choice), bundles: bundles.map(choice), policies: policies.map(choice) };
}

async function Grants({ ctx, choices }: { ctx: Ctx; choices: Choices }) {
  const rights = { manage: refusalOf(ctx, "grant.manage"), attach: refusalOf(ctx, "policy.attach") };
  const [grants, clients] = await Promise.all([listGrants(ctx), countConnectors(ctx)]);
  return <GrantTable grants={grants} clients={Object.fromEntries(clients)} choices={choices} rights={rights} />;
}
