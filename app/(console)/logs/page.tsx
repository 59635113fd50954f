import type { Metadata } from "next";
import { Suspense } from "react";
import { LogExplorer } from "@/components/log-explorer/log-explorer";
import { filterParsers, setValues } from "@/components/log-explorer/filter";
import { PageFrame } from "@/components/shell/page-frame";
import { TableSkeleton } from "@/components/ui/skeleton";
import { visibleText } from "@/components/ui/visible-text";
import { createLoader } from "nuqs/server";
import { listDecisions } from "@/lib/audit/audit.server";
import { LogFilter } from "@/lib/audit/schema";
import { requireCtx } from "@/lib/auth/auth.server";
import { listGrants } from "@/lib/grants/grants.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { listPolicies } from "@/lib/policies/policies.server";

export const metadata: Metadata = { title: "Decision log" };

const loadFilter = createLoader(filterParsers);

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function LogsPage({ searchParams }: Props) {
  const ctx = await requireCtx("read");
  const filter = setValues(await loadFilter(searchParams));
  return (
    <PageFrame wide title="Decision log" note="Every call, as it was judged. Argument keys are kept, values never.">
      <Suspense fallback={<TableSkeleton rows={12} />}>
        <Decisions ctx={ctx} filter={filter} />
      </Suspense>
    </PageFrame>
  );
}

async function Decisions({ ctx, filter }: { ctx: Ctx; filter: Record<string, string> }) {
  const parsed = LogFilter.safeParse(filter);
  const [page, grants, policies] = await Promise.all([
    parsed.success ? listDecisions(ctx, parsed.data) : { rows: [], next: null },
    listGrants(ctx),
    listPolicies(ctx),
  ]);
  return (
    <LogExplorer
      initial={{ filter: JSON.stringify(filter), page }}
      grants={grants.map((grant) => ({ value: grant.id, label: visibleText(grant.label) }))}
      policies={policies.map((policy) => ({ value: policy.id, label: visibleText(policy.name) }))}
    />
  );
}
