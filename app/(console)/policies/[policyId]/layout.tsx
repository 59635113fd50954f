import type { ReactNode } from "react";
import { PolicyDraftProvider } from "@/components/policy-editor/policy-draft";

interface Props {
  params: Promise<{ policyId: string }>;
  children: ReactNode;
}

/** Keeps the draft while the pages of one policy are walked through. */
export default async function PolicyLayout({ params, children }: Props) {
  const { policyId } = await params;
  return (
    <PolicyDraftProvider key={policyId} policyId={policyId}>
      {children}
    </PolicyDraftProvider>
  );
}
