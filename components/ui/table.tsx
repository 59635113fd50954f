import type { ReactNode } from "react";
import { cn } from "./cn";

/*
 * A table that becomes a list of cards under 640 px. Display values other than `table-*` take the table's meaning away
 * from assistive technology, so that each part names its role.
 */

interface TableProps {
  label: string;
  children: ReactNode;
  className?: string;
}

export function Table({ label, children, className }: TableProps) {
  return (
    <div className={cn("overflow-hidden rounded-lg border border-line bg-surface", className)}>
      <div className="sm:overflow-x-auto">
        <table role="table" aria-label={label} className="block w-full border-collapse text-sm sm:table">
          {children}
        </table>
      </div>
    </div>
  );
}

export function TableHead({ children }: { children: ReactNode }) {
  return (
    <thead role="rowgroup" className="sr-only sm:not-sr-only sm:table-header-group">
      <tr role="row" className="sm:border-b sm:border-line sm:bg-sunken">
        {children}
      </tr>
    </thead>
  );
}

type Align = "left" | "right";

interface HeadProps {
  children: ReactNode;
  align?: Align;
  className?: string;
}

export function HeadCell({ children, align = "left", className }: HeadProps) {
  return (
    <th
      role="columnheader"
      scope="col"
      className={cn(
        "h-9 px-3 text-sm font-medium whitespace-nowrap text-ink-soft",
        align === "right" ? "text-right" : "text-left",
        className,
      )}
    >
      {children}
    </th>
  );
}

export function TableBody({ children }: { children: ReactNode }) {
  return (
    <tbody role="rowgroup" className="block divide-y divide-line sm:table-row-group">
      {children}
    </tbody>
  );
}

export function Row({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <tr role="row" className={cn("block px-3 py-2.5 sm:table-row sm:p-0 sm:hover:bg-hover", className)}>
      {children}
    </tr>
  );
}

interface CellProps {
  /** Column name, shown before the value on cards; null for the card's heading line. */
  label: string | null;
  children: ReactNode;
  align?: Align;
  className?: string;
}

export function Cell({ label, children, align = "left", className }: CellProps) {
  return (
    <td
      role="cell"
      className={cn(
        "flex min-h-7 items-center justify-between gap-4 sm:table-cell sm:h-9 sm:px-3 sm:py-1.5 sm:align-middle",
        align === "right" && "num sm:text-right",
        className,
      )}
    >
      {label === null ? null : (
        <span aria-hidden className="shrink-0 text-ink-soft sm:hidden">
          {label}
        </span>
      )}
      {children}
    </td>
  );
}
