import type { Metadata } from "next";
import Link from "next/link";
import { ConnectedClients } from "@/components/connected-clients/connected-clients";
import { GrantActions } from "@/components/grant-table/grant-actions";
import { GrantFacts } from "@/components/grant-facts/grant-facts";
import { LiveRefresh } from "@/components/shell/live";
import { PageFrame } from "@/components/shell/page-frame";
import { buttonLook } from "@/components/ui/button";
import { Panel } from "@/components/ui/panel";
import { StateChip } from "@/components/ui/state-chip";
import { visibleText } from "@/components/ui/visible-text";
import { requireCtx } from "@/lib/auth/auth.server";
import { getGrant } from "@/lib/grants/grants.server";
import { listConnectors } from "@/lib/grants/oauth.server";
import { listPolicies } from "@/lib/policies/policies.server";
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
  const [connectors, policies] = await Promise.all([listConnectors(ctx, grantId), listPolicies(ctx)]);
  const manage = refusalOf(ctx, "grant.manage");
  return (
    <PageFrame
      title={visibleText(grant.label)}
      crumbs={[{ label: "Grants", href: "/grants" }]}
      actions={
        <>
          <Link href={`/logs?grantId=${grant.id}`} className={buttonLook()}>
            Calls of this grant
          </Link>
          <GrantActions
            grant={grant}
            policies={policies.map(({ id, name }) => ({ value: id, label: visibleText(name) }))}
            rights={{ manage, attach: refusalOf(ctx, "policy.attach") }}
          />
        </>
      }
    >
      <LiveRefresh topics={["grants", "policies"]} />
      <div className="grid gap-4">
        <Panel title="Grant" actions={<StateChip state={grant.state} />}>
          <GrantFacts grant={grant} />
        </Panel>
        <Panel title="Connected clients" note="signed in over OAuth" bodyClassName="p-0">
          <ConnectedClients connectors={connectors} refusal={manage} />
        </Panel>
      </div>
    </PageFrame>
  );
}
