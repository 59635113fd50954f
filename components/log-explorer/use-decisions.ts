"use client";

import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api } from "@/components/shell/api";
import { useLive } from "@/components/shell/live";
import { queryKeys } from "@/components/shell/query-keys";
import type { LogPage } from "@/lib/audit/schema";

const settleMs = 300;

/**
 * The log's pages for one filter, newest first. While `live`, new calls are read as they are announced; reads never
 * overlap, so that a busy gateway slows the page down rather than starving it.
 */
export function useDecisions(
  filter: Record<string, string>,
  initial: { filter: string; page: LogPage },
  live: boolean,
) {
  const own = initial.filter === JSON.stringify(filter);
  const query = useInfiniteQuery({
    queryKey: queryKeys.logs(filter),
    queryFn: ({ pageParam }) => {
      const search = new URLSearchParams({ ...filter, ...(pageParam === null ? {} : { before: pageParam }) });
      return api<LogPage>("GET", `/api/logs?${search.toString()}`);
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    ...(own ? { initialData: { pages: [initial.page], pageParams: [null] } } : {}),
  });
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const { refetch } = query;
  useLive(["calls"], () => {
    if (!live || timer.current !== null) return;
    timer.current = setTimeout(() => {
      timer.current = null;
      void refetch({ cancelRefetch: false });
    }, settleMs);
  });
  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current);
    },
    [],
  );
  return query;
}
