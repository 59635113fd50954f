import type { ReactNode } from "react";

/** Facts about one thing, in the one layout that the console's pages have for them. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className="grid gap-3 sm:gap-2.5">{children}</dl>;
}

/** One fact: its name beside it, on a phone above it. */
export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid gap-0.5 sm:grid-cols-[9rem_1fr] sm:gap-4">
      <dt className="text-sm text-ink-soft">{label}</dt>
      <dd className="min-w-0 text-base">{children}</dd>
    </div>
  );
}
