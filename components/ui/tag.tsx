import type { ReactNode } from "react";

export function Tag({ children }: { children: ReactNode }) {
  return (
    <span className="inline-flex h-5 max-w-48 items-center truncate rounded-sm border border-line px-1.5 text-xs text-ink-soft">
      {children}
    </span>
  );
}
