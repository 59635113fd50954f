import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { requireCtx } from "@/lib/auth/auth.server";
import { getPolicy } from "@/lib/policies/policies.server";
import { found } from "../../found";
import { refusalOf } from "../../rights";
import { PolicyFrame } from "./policy-frame";
import { PolicyWorkspace } from "./policy-workspace";
import { readWorld } from "./world";

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
  if (typeof version === "string" && /^[1-9]\d{0,8}$/.test(version))
    redirect(`/policies/${policyId}/versions/${version}`);
  const world = await readWorld(ctx, policyId);
  return (
    <PolicyFrame policy={policy}>
      <PolicyWorkspace policy={policy} world={world} refusal={refusalOf(ctx, "policy.write")} />
    </PolicyFrame>
  );
}
