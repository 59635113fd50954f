"use client";

import dynamic from "next/dynamic";
import { Skeleton } from "@/components/ui/skeleton";

/** Two texts compared, in the editor's own lazy file. */
export const DiffView = dynamic(() => import("./monaco").then((module) => module.MonacoDiff), {
  ssr: false,
  loading: () => (
    <div role="status" aria-label="Comparing" className="p-4">
      <Skeleton className="h-40" />
    </div>
  ),
});
