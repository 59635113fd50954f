"use client";

import { useQuery } from "@tanstack/react-query";
import { Maximize2, X } from "lucide-react";
import Link from "next/link";
import { useEffect, useEffectEvent, useRef } from "react";
import { api, failureOf } from "@/components/shell/api";
import { queryKeys } from "@/components/shell/query-keys";
import { Button } from "@/components/ui/button";
import { ErrorNote } from "@/components/ui/error-note";
import { Skeleton } from "@/components/ui/skeleton";
import type { DecisionDetail, DecisionRow } from "@/lib/audit/schema";
import { DecisionView } from "./decision-view";

interface Props {
  decisionId: string;
  /** The row in the list, drawn at once; its end may come later. */
  row: DecisionRow | undefined;
  onClose: () => void;
}

/** One decision beside the list. */
export function Peek({ decisionId, row, onClose }: Props) {
  const panel = useRef<HTMLElement>(null);
  const query = useQuery({
    queryKey: [...queryKeys.decision(decisionId), row?.outcome ?? null],
    queryFn: () => api<DecisionDetail>("GET", `/api/logs/${decisionId}`),
    placeholderData: (previous) => (previous?.decisionId === decisionId ? previous : undefined),
  });
  const close = useEffectEvent((event: KeyboardEvent) => {
    if (event.key === "Escape" && !event.defaultPrevented) onClose();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      close(event);
    };
    window.addEventListener("keydown", listen);
    return () => {
      window.removeEventListener("keydown", listen);
    };
  }, []);
  const shown = query.data ?? row;
  return (
    <aside
      ref={panel}
      aria-label="Decision"
      className="sticky top-16 max-h-[calc(100dvh-5rem)] w-[420px] shrink-0 overflow-y-auto rounded-lg border border-line bg-surface"
    >
      <header className="sticky top-0 z-10 flex items-center justify-between border-b border-line bg-surface py-1.5 pr-1.5 pl-4">
        <h2 className="text-base">Decision</h2>
        <span className="flex">
          <Button asChild look="ghost" size="icon">
            <Link href={`/logs/${decisionId}`} aria-label="Open as page">
              <Maximize2 aria-hidden />
            </Link>
          </Button>
          <Button look="ghost" size="icon" aria-label="Close panel" onClick={onClose}>
            <X aria-hidden />
          </Button>
        </span>
      </header>
      <div className="p-4">
        {query.error ? <ErrorNote failure={failureOf(query.error)} onRetry={() => void query.refetch()} /> : null}
        {shown ? (
          <DecisionView row={shown} detail={query.data} />
        ) : query.error ? null : (
          <div className="grid gap-3">
            <Skeleton className="h-5 w-1/2" />
            <Skeleton className="h-40" />
          </div>
        )}
      </div>
    </aside>
  );
}
