"use client";

import { ExternalLink } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { api } from "@/components/shell/api";
import { useAction } from "@/components/shell/use-action";
import { Button, buttonLook } from "@/components/ui/button";
import { CopyLine } from "@/components/ui/copy-line";
import { ErrorNote } from "@/components/ui/error-note";
import { Fact, Facts } from "@/components/ui/facts";
import { Panel } from "@/components/ui/panel";
import { PlainText } from "@/components/ui/plain-text";
import { visibleText } from "@/components/ui/visible-text";
import type { SignInPlan } from "@/lib/servers/oauth-schema";
import { Scopes } from "./auth-facts";
import { ClientForm } from "./client-form";

const introduced: Record<SignInPlan["client"]["source"], string> = {
  preregistered: "With the client that you entered",
  cimd: "By its public metadata document",
  dcr: "By registering itself there",
  needed: "A client has to be entered first",
};

/** What is asked of whom, before the browser is sent anywhere. Nothing happens until the person says so. */
export function SignInPlanView({ plan }: { plan: SignInPlan }) {
  const router = useRouter();
  const start = useAction(async () => {
    const { issuer, scopes } = plan;
    const { url } = await api<{ url: string }>("POST", `/api/servers/${plan.serverId}/oauth/start`, { issuer, scopes });
    // The gateway has judged the address already; a script address must not be opened whatever it said.
    if (!/^https?:\/\//.test(url)) throw new Error("not a web address");
    window.location.assign(url);
  });
  const isReady = plan.client.source !== "needed";
  return (
    <div className="grid max-w-3xl gap-4">
      <Panel title="What you agree to" bodyClassName="grid gap-4">
        <Facts>
          <Fact label="Server">
            {visibleText(plan.serverName)}
            <PlainText text={plan.upstream} className="block font-mono text-sm text-ink-soft" />
          </Fact>
          <Fact label="Authorisation server">
            <PlainText text={plan.issuer} className="font-mono text-sm" />
          </Fact>
          <Fact label="Scopes">
            <Scopes scopes={plan.scopes} />
          </Fact>
          <Fact label="Access is for">
            <PlainText text={plan.resource} className="font-mono text-sm" />
          </Fact>
          <Fact label="This gateway">
            {introduced[plan.client.source]}
            {plan.client.clientId ? (
              <PlainText text={plan.client.clientId} className="block font-mono text-sm text-ink-soft" />
            ) : null}
          </Fact>
          <Fact label="Comes back to">
            <CopyLine text={plan.redirectUri} label="Copy redirect URI" />
          </Fact>
        </Facts>
        <p className="text-sm text-ink-soft">
          The account that you sign in with acts for every grant of this server, within its policy. Its tokens are
          sealed and never reach an agent.
        </p>
        {start.failure ? <ErrorNote failure={withIssue(start.failure)} /> : null}
        <div className="flex flex-wrap gap-2">
          {isReady ? (
            <Button look="primary" disabled={start.sending} onClick={() => void start.run()}>
              <ExternalLink aria-hidden /> Continue to {visibleText(plan.opens)}
            </Button>
          ) : null}
          <Link href={`/servers/${plan.serverId}`} className={buttonLook()}>
            Cancel
          </Link>
        </div>
      </Panel>
      {isReady ? null : (
        <Panel title="Register a client by hand" bodyClassName="grid gap-4">
          <p className="text-base">
            This authorisation server registers no clients by itself. Register a web application there with the redirect
            URI above, then enter what you got.
          </p>
          <ClientForm
            serverId={plan.serverId}
            issuer={plan.issuer}
            onDone={() => {
              router.refresh();
            }}
          />
        </Panel>
      )}
    </div>
  );
}

/** The finding of a refused step instead of the general hint. */
function withIssue<T extends { detail: string; issues: readonly { message: string }[] }>(failure: T): T {
  const [issue] = failure.issues;
  return issue ? { ...failure, detail: `${issue.message}.` } : failure;
}
