import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

/** One sentence and one action for a place that holds nothing yet. */
export function EmptyState({
  icon: Icon,
  children,
  action,
}: {
  icon: LucideIcon;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center gap-3 rounded-lg border border-dashed border-line-strong/60 bg-surface px-6 py-12 text-center">
      <Icon aria-hidden className="size-6 text-ink-faint" strokeWidth={1.5} />
      <p className="max-w-md text-base text-ink-soft">{children}</p>
      {action}
    </div>
  );
}
