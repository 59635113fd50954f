import type { Metadata } from "next";
import { Suspense } from "react";
import { ApiTokenTable } from "@/components/api-tokens/api-token-table";
import { MintApiToken, MintApiTokenButton } from "@/components/api-tokens/mint-api-token";
import { LiveRefresh } from "@/components/shell/live";
import { PageFrame } from "@/components/shell/page-frame";
import { TableSkeleton } from "@/components/ui/skeleton";
import { listApiTokens, requireCtx } from "@/lib/auth/auth.server";
import { rolesWithin } from "@/lib/auth/matrix";
import { env } from "@/lib/env/env.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { roleWord, roleWords } from "../../rights";

export const metadata: Metadata = { title: "API tokens" };

export default async function ApiTokensPage() {
  const ctx = await requireCtx("read");
  const own = ctx.actor.kind === "user" ? rolesWithin(ctx.actor.role) : [];
  const roles = own.map((role) => ({ value: role, label: roleWord(role) }));
  return (
    <PageFrame
      title="API tokens"
      crumbs={[{ label: "Settings" }]}
      note="For the command line and your own programs. A token acts as its owner, with its own role or less."
      actions={<MintApiTokenButton />}
    >
      <MintApiToken roles={roles} consoleUrl={env().publicUrl} />
      <LiveRefresh topics={["members"]} />
      <Suspense fallback={<TableSkeleton />}>
        <ApiTokens ctx={ctx} />
      </Suspense>
    </PageFrame>
  );
}

async function ApiTokens({ ctx }: { ctx: Ctx }) {
  const tokens = await listApiTokens(ctx);
  return <ApiTokenTable tokens={tokens} roleWords={roleWords} everybodys={ctx.permissions.has("token.manage")} />;
}
