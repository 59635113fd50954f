import type { Metadata } from "next";
import { ConnectorConsent } from "@/components/connector-consent/connector-consent";
import { ConsentRefusal } from "@/components/connector-consent/consent-refusal";
import { AuthFrame } from "@/components/shell/auth-frame";
import { visibleText } from "@/components/ui/visible-text";
import { requireCtx } from "@/lib/auth/auth.server";
import { readConsent } from "@/lib/grants/oauth.server";
import { listPolicies } from "@/lib/policies/policies.server";

export const metadata: Metadata = { title: "Connect a client" };

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

/** The authorisation endpoint: a person decides, after signing in. Nothing is ever sent to a client without a click here. */
export default async function AuthorizePage({ searchParams }: Props) {
  const ctx = await requireCtx("read");
  const request = queryOf(await searchParams);
  const consent = await readConsent(ctx, request);
  const { actor } = ctx;
  if (consent.kind === "refused") {
    return (
      <AuthFrame wide>
        <ConsentRefusal consent={consent} />
      </AuthFrame>
    );
  }
  const mayApprove = ctx.permissions.has("grant.manage");
  const policies = mayApprove ? await listPolicies(ctx) : [];
  return (
    <AuthFrame wide>
      <ConnectorConsent
        consent={consent}
        request={request}
        policies={policies.map(({ id, name }) => ({ value: id, label: visibleText(name) }))}
        person={actor.kind === "user" ? { name: actor.name, email: actor.email } : { name: actor.name, email: "" }}
        mayApprove={mayApprove}
      />
    </AuthFrame>
  );
}

/** The parameters as a query again; one that stands twice still does, and is then refused. */
function queryOf(parameters: Awaited<Props["searchParams"]>): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => [name, one] as [string, string]),
  );
  return new URLSearchParams(pairs).toString();
}
