"use client";

import { ListX, ScrollText } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { parseAsString, useQueryState, useQueryStates } from "nuqs";
import { useState, type MouseEvent } from "react";
import { failureOf } from "@/components/shell/api";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorNote } from "@/components/ui/error-note";
import type { Choice } from "@/components/ui/select";
import { TableSkeleton } from "@/components/ui/skeleton";
import type { LogPage } from "@/lib/audit/schema";
import { filterParsers, setValues } from "./filter";
import { LogFilters } from "./log-filters";
import { LogTable } from "./log-table";
import { useDecisions } from "./use-decisions";

interface Props {
  /** The first page as the server read it, and the filter it was read with. */
  initial: { filter: string; page: LogPage };
  grants: readonly Choice[];
  policies: readonly Choice[];
}

const Peek = dynamic(() => import("./peek").then((module) => module.Peek), { ssr: false });

/** From this width the list has room for the panel; below it a row opens its own page. */
const peekFrom = "(min-width: 1280px)";

export function LogExplorer({ initial, grants, policies }: Props) {
  const [values, setFilter] = useQueryStates(filterParsers);
  const [openId, setOpenId] = useQueryState("open", parseAsString.withOptions({ history: "push" }));
  const [live, setLive] = useState(true);
  const filter = setValues(values);
  const query = useDecisions(filter, initial, live);
  const rows = query.data?.pages.flatMap((page) => page.rows) ?? [];
  const filtered = Object.keys(filter).length > 0;
  const open = (event: MouseEvent<HTMLAnchorElement>, decisionId: string) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || !window.matchMedia(peekFrom).matches) return;
    event.preventDefault();
    void setOpenId(decisionId);
  };
  return (
    <div className="grid gap-3">
      <LogFilters
        values={values}
        grants={grants}
        policies={policies}
        live={live}
        onLive={(next) => {
          setLive(next);
          if (next) void query.refetch();
        }}
        onChange={(change) => void setFilter(change)}
        onClear={() => void setFilter(null)}
      />
      {query.error ? <ErrorNote failure={failureOf(query.error)} onRetry={() => void query.refetch()} /> : null}
      <div className="flex items-start gap-4">
        <div className="min-w-0 grow">
          {query.isPending ? (
            <TableSkeleton rows={10} />
          ) : rows.length === 0 && query.error ? null : rows.length === 0 ? (
            <Nothing filtered={filtered} onClear={() => void setFilter(null)} />
          ) : (
            <LogTable rows={rows} openId={openId} onOpen={open} stale={query.isPlaceholderData} />
          )}
          {query.hasNextPage && rows.length > 0 ? (
            <div className="mt-3 flex justify-center">
              <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                {query.isFetchingNextPage ? "Loading…" : "Load more"}
              </Button>
            </div>
          ) : null}
        </div>
        {openId === null ? null : (
          <div className="hidden xl:block">
            <Peek
              key={openId}
              decisionId={openId}
              row={rows.find((row) => row.decisionId === openId)}
              onClose={() => void setOpenId(null)}
            />
          </div>
        )}
      </div>
    </div>
  );
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  if (filtered) {
    return (
      <EmptyState icon={ListX} action={<Button onClick={onClear}>Clear filters</Button>}>
        No decision matches these filters. Argument values are not kept, so they cannot be searched.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={ScrollText}
      action={
        <Button asChild>
          <Link href="/grants">Go to grants</Link>
        </Button>
      }
    >
      No call yet. Connect an agent with a grant, and each of its calls appears here as it is judged.
    </EmptyState>
  );
}
