import type { ReactNode } from "react";

interface Props {
  title: string;
  /** What it leads to. */
  note: string;
  /** The button. */
  children: ReactNode;
}

/** Grave actions of a page one below the other, with lines between them. */
export function ActionLines({ children }: { children: ReactNode }) {
  return <div className="grid gap-4 [&>*+*]:border-t [&>*+*]:border-line [&>*+*]:pt-4">{children}</div>;
}

/** One action with what it leads to and its button. */
export function ActionLine({ title, note, children }: Props) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
      <p className="min-w-0 grow basis-60">
        <span className="block font-medium">{title}</span>
        <span className="block text-sm text-ink-soft">{note}</span>
      </p>
      {children}
    </div>
  );
}
