import type { Metadata } from "next";
import { NewPolicy, type NewPolicyCopy, type ServerChoice } from "@/components/policy-editor/new-policy";
import { PageFrame } from "@/components/shell/page-frame";
import { requireCtx } from "@/lib/auth/auth.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { getPolicy } from "@/lib/policies/policies.server";
import { listServers } from "@/lib/servers/servers.server";
import { found } from "../../found";
import { refusalOf } from "../../rights";
import { listTemplates } from "./templates";

export const metadata: Metadata = { title: "New policy" };

interface Props {
  /** `from` is the id of a policy to copy. */
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function NewPolicyPage({ searchParams }: Props) {
  const ctx = await requireCtx("read");
  const { from } = await searchParams;
  const [templates, servers, copy] = await Promise.all([listTemplates(), serverChoices(ctx), findCopy(ctx, from)]);
  return (
    <PageFrame wide title="New policy" crumbs={[{ label: "Policies", href: "/policies" }]}>
      <NewPolicy
        key={copy?.id ?? ""}
        templates={templates}
        servers={servers}
        copy={copy}
        refusal={refusalOf(ctx, "policy.write")}
      />
    </PageFrame>
  );
}

async function serverChoices(ctx: Ctx): Promise<ServerChoice[]> {
  return (await listServers(ctx)).map(({ id, name, toolCount }) => ({ id, name, toolCount }));
}

async function findCopy(ctx: Ctx, from: string | string[] | undefined): Promise<NewPolicyCopy | null> {
  if (typeof from !== "string") return null;
  const { id, name, text } = await found(getPolicy(ctx, from));
  return { id, name, text };
}
