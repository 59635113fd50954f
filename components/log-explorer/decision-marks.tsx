import { Eye, Gauge } from "lucide-react";
import { visibleText } from "@/components/ui/visible-text";
import type { DecisionRow } from "@/lib/audit/schema";
import { ruleName } from "./rule-name";

const wouldWords: Record<string, string> = {
  deny: "would deny",
  hold: "would hold",
  rate_limited: "would refuse, limit reached",
};

/** What rules in shadow would have done, one line each. */
export function ShadowNotes({ notes }: { notes: DecisionRow["shadow"] }) {
  return (
    <ul className="grid gap-1">
      {notes.map(({ rule, would }) => (
        <li key={`${rule} ${would}`} className="flex items-start gap-1.5" title={visibleText(rule)}>
          <Eye aria-hidden className="mt-0.5 size-3.5 shrink-0 text-ink-soft" />
          <span>
            <code className="font-mono">{visibleText(ruleName(rule))}</code> {wouldWords[would] ?? visibleText(would)}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** The counters that the call moved, and which of them came near its cap with it. */
export function CountedList({ counted }: { counted: DecisionRow["counted"] }) {
  return (
    <ul className="grid gap-1">
      {counted.map(({ name, window, near }) => (
        <li key={`${name} ${window}`} className="flex flex-wrap items-center gap-x-1.5">
          <code className="font-mono">{visibleText(name)}</code>
          <span className="text-ink-soft">per {visibleText(window)}</span>
          {near ? (
            <span className="inline-flex items-center gap-1 text-amber">
              <Gauge aria-hidden className="size-3.5" /> reached 80 % of its cap
            </span>
          ) : null}
        </li>
      ))}
    </ul>
  );
}
