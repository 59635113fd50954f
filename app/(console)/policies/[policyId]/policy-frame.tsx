import type { ReactNode } from "react";
import { PolicyTabs } from "@/components/policy-editor/policy-tabs";
import { LiveRefresh } from "@/components/shell/live";
import { PageFrame, type Crumb } from "@/components/shell/page-frame";
import { visibleText } from "@/components/ui/visible-text";
import type { PolicyDto } from "@/lib/policies/schema";

interface Props {
  policy: PolicyDto;
  /** The pages below the policy's own, the last one being this page. */
  below?: readonly Crumb[];
  children: ReactNode;
}

/** The frame of every page of one policy: its name, what is live, and its other pages. */
export function PolicyFrame({ policy, below = [], children }: Props) {
  const name = visibleText(policy.name);
  const last = below.at(-1);
  const crumbs: Crumb[] = [{ label: "Policies", href: "/policies" }];
  if (last) crumbs.push({ label: name, href: `/policies/${policy.id}` }, ...below.slice(0, -1));
  return (
    <PageFrame wide title={name} crumbs={crumbs} crumb={last?.label ?? name} note={<LiveNote policy={policy} />}>
      <LiveRefresh topics={["policies", "grants"]} />
      <PolicyTabs policyId={policy.id} />
      {children}
    </PageFrame>
  );
}

const namesMax = 3;

function LiveNote({ policy: { liveVersion, grants } }: { policy: PolicyDto }) {
  const names = grants.slice(0, namesMax).map(({ label }) => visibleText(label).slice(0, 60));
  const more = grants.length - names.length;
  return (
    <p className="flex flex-wrap gap-x-2">
      <span>
        {liveVersion === null ? "Nothing published: every call is denied." : `Version ${String(liveVersion)} is live.`}
      </span>
      <span>
        {grants.length === 0
          ? "No grant uses it."
          : `Used by ${names.join(", ")}${more > 0 ? ` and ${String(more)} more` : ""}.`}
      </span>
    </p>
  );
}
