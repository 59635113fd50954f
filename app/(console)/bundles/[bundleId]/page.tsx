import type { Metadata } from "next";
import { BundleDetail } from "@/components/bundle-detail/bundle-detail";
import { LiveRefresh } from "@/components/shell/live";
import { PageFrame } from "@/components/shell/page-frame";
import { visibleText } from "@/components/ui/visible-text";
import { requireCtx } from "@/lib/auth/auth.server";
import { getBundle } from "@/lib/bundles/bundles.server";
import { listPolicies } from "@/lib/policies/policies.server";
import { listServers } from "@/lib/servers/servers.server";
import { found } from "../../found";
import { refusalOf } from "../../rights";

export const metadata: Metadata = { title: "Bundle" };

interface Props {
  params: Promise<{ bundleId: string }>;
}

export default async function BundlePage({ params }: Props) {
  const { bundleId } = await params;
  const ctx = await requireCtx("read");
  const bundle = await found(getBundle(ctx, bundleId));
  const [servers, policies] = await Promise.all([listServers(ctx), listPolicies(ctx)]);
  const choice = ({ id, name }: { id: string; name: string }) => ({ value: id, label: visibleText(name) });
  return (
    <PageFrame title={visibleText(bundle.name)} crumbs={[{ label: "Bundles", href: "/bundles" }]}>
      <LiveRefresh topics={["bundles", "servers", "policies", "grants"]} />
      <BundleDetail
        bundle={bundle}
        servers={servers.map(choice)}
        policies={policies.map(choice)}
        rights={{ manage: refusalOf(ctx, "server.manage"), attach: refusalOf(ctx, "policy.attach") }}
      />
    </PageFrame>
  );
}
