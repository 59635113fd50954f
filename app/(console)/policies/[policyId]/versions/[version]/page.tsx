import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { VersionDetail } from "@/components/policy-editor/version-detail";
import { requireCtx } from "@/lib/auth/auth.server";
import { getPolicy, getPolicyVersion } from "@/lib/policies/policies.server";
import type { PolicyDto } from "@/lib/policies/schema";
import { found } from "../../../../found";
import { refusalOf } from "../../../../rights";
import { PolicyFrame } from "../../policy-frame";

export const metadata: Metadata = { title: "Version of a policy" };

interface Props {
  params: Promise<{ policyId: string; version: string }>;
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function VersionPage({ params, searchParams }: Props) {
  const { policyId, version } = await params;
  const { against } = await searchParams;
  const ctx = await requireCtx("read");
  const policy = await found(getPolicy(ctx, policyId));
  const number = toNumber(version);
  if (number === null) notFound();
  const shown = await found(getPolicyVersion(ctx, policyId, number));
  const other = otherVersion(policy, number, toNumber(against));
  const compared = other === null ? null : await found(getPolicyVersion(ctx, policyId, other));
  const below = [{ label: "Versions", href: `/policies/${policy.id}/versions` }, { label: `Version ${version}` }];
  return (
    <PolicyFrame policy={policy} below={below}>
      <VersionDetail
        key={number}
        policy={policy}
        shown={shown}
        against={compared && { version: compared.version, text: compared.text }}
        refusal={refusalOf(ctx, "policy.write")}
      />
    </PolicyFrame>
  );
}

function toNumber(text: string | string[] | undefined): number | null {
  return typeof text === "string" && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}

/** The version asked for; otherwise the live one, and for the live one the one before it. */
function otherVersion(policy: PolicyDto, version: number, asked: number | null): number | null {
  const numbers = policy.versions.map((item) => item.version);
  if (asked !== null && asked !== version && numbers.includes(asked)) return asked;
  if (policy.liveVersion !== null && policy.liveVersion !== version) return policy.liveVersion;
  return numbers.find((number) => number < version) ?? null;
}
