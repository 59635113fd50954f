import type { Metadata } from "next";
import Link from "next/link";
import { SignInPlanView } from "@/components/server-auth/sign-in-plan";
import { PageFrame } from "@/components/shell/page-frame";
import { buttonLook } from "@/components/ui/button";
import { ErrorNote, type Failure } from "@/components/ui/error-note";
import { visibleText } from "@/components/ui/visible-text";
import { requireCtx } from "@/lib/auth/auth.server";
import { errorTable, isAppError } from "@/lib/kernel/errors";
import type { SignInPlan } from "@/lib/servers/oauth-schema";
import { getServer, planSignIn } from "@/lib/servers/servers.server";
import { found } from "../../../found";

export const metadata: Metadata = { title: "Sign in at a server" };

interface Props {
  params: Promise<{ serverId: string }>;
}

export default async function ConnectPage({ params }: Props) {
  const { serverId } = await params;
  const ctx = await requireCtx("server.manage");
  const server = await found(getServer(ctx, serverId));
  const planned = await plan(planSignIn(ctx, serverId));
  const name = visibleText(server.name);
  return (
    <PageFrame
      title={`Sign in at ${name}`}
      crumb="Sign in"
      crumbs={[
        { label: "Servers", href: "/servers" },
        { label: name, href: `/servers/${serverId}` },
      ]}
    >
      {planned.ok ? (
        <SignInPlanView plan={planned.plan} />
      ) : (
        <div className="grid max-w-3xl gap-4">
          <ErrorNote failure={planned.failure} />
          <Link href={`/servers/${serverId}`} className={buttonLook({ className: "w-fit" })}>
            Back to the server
          </Link>
        </div>
      )}
    </PageFrame>
  );
}

/** What a sign-in would do, or why there can be none: nothing has been asked of anybody yet. */
async function plan(
  work: Promise<SignInPlan>,
): Promise<{ ok: true; plan: SignInPlan } | { ok: false; failure: Failure }> {
  try {
    return { ok: true, plan: await work };
  } catch (error) {
    if (!isAppError(error) || error.code !== "oauth_setup") throw error;
    const { say, check } = errorTable.oauth_setup;
    const [issue] = error.issues ?? [];
    return { ok: false, failure: { title: say, detail: issue ? `${issue.message}.` : check, code: error.code } };
  }
}
