import { CircleCheck, CircleDashed, CircleX, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

export type StepState = "good" | "warn" | "bad" | "open";

const marks = {
  good: { icon: CircleCheck, word: "Fine", tone: "text-green" },
  warn: { icon: TriangleAlert, word: "Look at it", tone: "text-amber" },
  bad: { icon: CircleX, word: "In the way", tone: "text-red" },
  open: { icon: CircleDashed, word: "To look at", tone: "text-ink-faint" },
} as const;

interface Props {
  title: string;
  /** The step's answer in a few words, beside its title. */
  said: ReactNode;
  state: StepState;
  children?: ReactNode;
}

/** One thing to look at before publishing: its answer first, details under it. */
export function Step({ title, said, state, children }: Props) {
  const { icon: Icon, word, tone } = marks[state];
  return (
    <section
      aria-label={title}
      className="grid grid-cols-1 gap-2 border-b border-line py-3 first:pt-0 last:border-0 last:pb-0"
    >
      <div className="flex items-start gap-2">
        <Icon aria-label={word} className={`mt-0.5 size-4 shrink-0 ${tone}`} />
        <h3 className="shrink-0 text-base">{title}</h3>
        <p className="min-w-0 text-base text-ink-soft">{said}</p>
      </div>
      {children ? <div className="grid grid-cols-1 gap-2 sm:pl-6">{children}</div> : null}
    </section>
  );
}
