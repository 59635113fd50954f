import type { Metadata } from "next";
import { PolicyEditor } from "@/components/policy-editor/policy-editor";
import { LiveRefresh } from "@/components/shell/live";
import { PageFrame } from "@/components/shell/page-frame";
import { visibleText } from "@/components/ui/visible-text";
import { requireCtx } from "@/lib/auth/auth.server";
import { getPolicy, getPolicyVersion } from "@/lib/policies/policies.server";
import { found } from "../../found";
import { refusalOf } from "../../rights";

export const metadata: Metadata = { title: "Policy" };

interface Props {
  params: Promise<{ policyId: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function PolicyPage({ params, searchParams }: Props) {
  const { policyId } = await params;
  const { version } = await searchParams;
  const ctx = await requireCtx("read");
  const policy = await found(getPolicy(ctx, policyId));
  const number = typeof version === "string" && /^[1-9]\d{0,8}$/.test(version) ? Number(version) : null;
  const shown = number === null ? null : await found(getPolicyVersion(ctx, policyId, number));
  return (
    <PageFrame
      wide
      title={visibleText(policy.name)}
      crumbs={[{ label: "Policies", href: "/policies" }]}
      note={
        policy.liveVersion === null
          ? "Nothing published: every call is denied."
          : `Version ${String(policy.liveVersion)} is live.`
      }
    >
      <LiveRefresh topics={["policies", "grants"]} />
      <PolicyEditor key={policy.id} policy={policy} shown={shown} refusal={refusalOf(ctx, "policy.write")} />
    </PageFrame>
  );
}
