import type { Metadata } from "next";
import { DecisionView } from "@/components/log-explorer/decision-view";
import { LiveRefresh } from "@/components/shell/live";
import { PageFrame } from "@/components/shell/page-frame";
import { Panel } from "@/components/ui/panel";
import { getDecision } from "@/lib/audit/audit.server";
import { requireCtx } from "@/lib/auth/auth.server";
import { found } from "../../found";

export const metadata: Metadata = { title: "Decision" };

interface Props {
  params: Promise<{ decisionId: string }>;
}

export default async function DecisionPage({ params }: Props) {
  const { decisionId } = await params;
  const ctx = await requireCtx("read");
  const detail = await found(getDecision(ctx, decisionId));
  return (
    <PageFrame title={`Decision #${detail.seq}`} crumbs={[{ label: "Logs", href: "/logs" }]}>
      {detail.outcome === null && detail.decision === "allow" ? <LiveRefresh topics={["calls"]} /> : null}
      <Panel className="max-w-3xl">
        <DecisionView row={detail} detail={detail} />
      </Panel>
    </PageFrame>
  );
}
