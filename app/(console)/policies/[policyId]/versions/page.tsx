import type { Metadata } from "next";
import { VersionTable } from "@/components/policy-editor/version-table";
import { requireCtx } from "@/lib/auth/auth.server";
import { getPolicy } from "@/lib/policies/policies.server";
import { found } from "../../../found";
import { PolicyFrame } from "../policy-frame";

export const metadata: Metadata = { title: "Versions of a policy" };

interface Props {
  params: Promise<{ policyId: string }>;
}

export default async function VersionsPage({ params }: Props) {
  const { policyId } = await params;
  const ctx = await requireCtx("read");
  const policy = await found(getPolicy(ctx, policyId));
  return (
    <PolicyFrame policy={policy} below={[{ label: "Versions" }]}>
      <VersionTable policy={policy} />
    </PolicyFrame>
  );
}
