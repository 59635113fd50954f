import type { Metadata } from "next";
import Link from "next/link";
import { ConnectedClients } from "@/components/connected-clients/connected-clients";
import { GrantFacts } from "@/components/grant-facts/grant-facts";
import { LiveRefresh } from "@/components/shell/live";
import { PageFrame } from "@/components/shell/page-frame";
import { buttonLook } from "@/components/ui/button";
import { Panel } from "@/components/ui/panel";
import { visibleText } from "@/components/ui/visible-text";
import { requireCtx } from "@/lib/auth/auth.server";
import { getGrant } from "@/lib/grants/grants.server";
import { listConnectors } from "@/lib/grants/oauth.server";
import { found } from "../../found";
import { refusalOf } from "../../rights";

export const metadata: Metadata = { title: "Grant" };

interface Props {
  params: Promise<{ grantId: string }>;
}

export default async function GrantPage({ params }: Props) {
  const { grantId } = await params;
  const ctx = await requireCtx("read");
  const grant = await found(getGrant(ctx, grantId));
  const connectors = await listConnectors(ctx, grantId);
  return (
    <PageFrame
      title={visibleText(grant.label)}
      crumbs={[{ label: "Grants", href: "/grants" }]}
      actions={
        <Link href={`/logs?grantId=${grant.id}`} className={buttonLook()}>
          Calls of this grant
        </Link>
      }
    >
      <LiveRefresh topics={["grants"]} />
      <div className="grid gap-4">
        <Panel title="Grant">
          <GrantFacts grant={grant} />
        </Panel>
        <section aria-labelledby="connected-clients" className="grid gap-3">
          <h2 id="connected-clients" className="text-base">
            Connected clients
          </h2>
          <ConnectedClients connectors={connectors} refusal={refusalOf(ctx, "grant.manage")} />
        </section>
      </div>
    </PageFrame>
  );
}
