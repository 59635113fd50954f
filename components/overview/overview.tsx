"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { api, failureOf } from "@/components/shell/api";
import { useLive } from "@/components/shell/live";
import { queryKeys } from "@/components/shell/query-keys";
import { ErrorNote } from "@/components/ui/error-note";
import { Panel } from "@/components/ui/panel";
import { StateChip, type State } from "@/components/ui/state-chip";
import type { Overview as Figures } from "@/lib/analytics/schema";
import { isDone, SetUpChecklist } from "./checklist";
import { DecisionChart } from "./decision-chart";
import { SpendBars } from "./spend-bars";

const tiles: readonly { key: keyof Figures["totals"]; state: State; href: string }[] = [
  { key: "allow", state: "allow", href: "/logs?decision=allow" },
  { key: "deny", state: "deny", href: "/logs?decision=deny" },
  { key: "rate_limited", state: "rate_limited", href: "/logs?decision=rate_limited" },
  { key: "inDoubt", state: "in_doubt", href: "/logs?outcome=in_doubt" },
  { key: "upstreamErrors", state: "upstream_error", href: "/logs?outcome=void" },
];

function Totals({ totals }: { totals: Figures["totals"] }) {
  return (
    <ul className="grid grid-cols-2 overflow-hidden rounded-lg border border-line bg-line gap-px sm:grid-cols-3 xl:grid-cols-5">
      {tiles.map(({ key, state, href }) => (
        <li key={key} className="bg-surface last:col-span-2 sm:last:col-span-1 xl:last:col-span-1">
          <Link href={href} className="flex h-full flex-col gap-1.5 px-4 py-3 -outline-offset-2 hover:bg-hover">
            <span>
              <StateChip state={state} />
            </span>
            <span className="num text-xl leading-7 font-semibold">{totals[key].toLocaleString("en")}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** The state of things, kept current by the event stream. */
export function Overview({ initial }: { initial: Figures }) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: queryKeys.overview,
    queryFn: () => api<Figures>("GET", "/api/overview"),
    initialData: initial,
  });
  useLive(["calls", "servers", "policies", "grants"], () => {
    void client.invalidateQueries({ queryKey: queryKeys.overview });
  });
  const figures = query.data;
  const fresh = !figures.checklist.firstCall;
  return (
    <div className="grid gap-4">
      {query.error ? <ErrorNote failure={failureOf(query.error)} onRetry={() => void query.refetch()} /> : null}
      {isDone(figures.checklist) ? null : <SetUpChecklist checklist={figures.checklist} />}
      {fresh ? null : (
        <>
          <Totals totals={figures.totals} />
          <div className="grid items-start gap-4 xl:grid-cols-[3fr_2fr]">
            <Panel title="Decisions" note="last 24 hours">
              <DecisionChart series={figures.series} />
            </Panel>
            <Panel title="Spend against caps" note="current windows" bodyClassName="p-0">
              <SpendBars counters={figures.counters} />
            </Panel>
          </div>
        </>
      )}
    </div>
  );
}
