import type { ReactNode } from "react";
import { cn } from "@/components/ui/cn";

interface Props {
  group: string;
  title: string;
  note: ReactNode;
  checked: boolean;
  disabled?: boolean;
  onChoose: () => void;
  /** Stands inside the card, below its words. */
  children?: ReactNode;
}

/** One choice of several, as a card. */
export function StartCard({ group, title, note, checked, disabled = false, onChoose, children }: Props) {
  return (
    <div
      className={cn(
        "rounded-md border bg-surface",
        checked ? "border-accent" : "border-line",
        !checked && !disabled && "hover:bg-hover",
      )}
    >
      <label className="flex items-start gap-2.5 px-3 py-2">
        <input
          type="radio"
          name={group}
          className="mt-1 accent-accent"
          checked={checked}
          disabled={disabled}
          onChange={onChoose}
        />
        <span className="min-w-0 [overflow-wrap:anywhere]">
          <span className="block font-medium">{title}</span>
          <span className="block text-sm text-ink-soft">{note}</span>
        </span>
      </label>
      {children}
    </div>
  );
}
