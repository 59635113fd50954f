import type { Metadata } from "next";
import { LiveRefresh } from "@/components/shell/live";
import { PageFrame } from "@/components/shell/page-frame";
import { ToolReview } from "@/components/tool-review/tool-review";
import { visibleText } from "@/components/ui/visible-text";
import { requireCtx } from "@/lib/auth/auth.server";
import { affectedPolicies } from "@/lib/policies/policies.server";
import { getReview, getServer } from "@/lib/servers/servers.server";
import { found } from "../../../found";

export const metadata: Metadata = { title: "Review tools" };

interface Props {
  params: Promise<{ serverId: string }>;
}

export default async function ReviewPage({ params }: Props) {
  const { serverId } = await params;
  const ctx = await requireCtx("read");
  const server = await found(getServer(ctx, serverId));
  const review = await found(getReview(ctx, serverId));
  const names = review.tools.map(({ name }) => name);
  const crumbs = [
    { label: "Servers", href: "/servers" },
    { label: visibleText(server.name), href: `/servers/${serverId}` },
  ];
  return (
    <PageFrame title="Review tools" crumbs={crumbs}>
      <LiveRefresh topics={["servers", "policies"]} />
      <ToolReview
        serverId={serverId}
        review={review}
        policies={await affectedPolicies(ctx, serverId, names)}
        refusal={ctx.permissions.has("policy.write") ? null : "Policy managers and admins accept changed tools."}
      />
    </PageFrame>
  );
}
