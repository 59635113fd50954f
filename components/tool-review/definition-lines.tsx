import { cn } from "@/components/ui/cn";
import { visibleText } from "@/components/ui/visible-text";
import { countText } from "@/components/ui/word";
import type { DiffPart } from "@/lib/servers/text-diff";
import { shownLines } from "./review-words";

const looks = {
  same: { sign: " ", word: "", tone: "text-ink-soft" },
  removed: { sign: "−", word: "removed: ", tone: "bg-red-soft text-red" },
  added: { sign: "+", word: "added: ", tone: "bg-green-soft text-green" },
} as const;

/** Two definitions line by line. Everything is text: no markup of the upstream is ever rendered. */
export function DefinitionLines({ parts, label }: { parts: readonly DiffPart[]; label: string }) {
  return (
    <div
      role="group"
      aria-label={label}
      tabIndex={0}
      className="max-h-96 overflow-auto rounded-md border border-line bg-sunken py-1 font-mono text-xs leading-5"
    >
      {shownLines(parts).map((line, index) =>
        line.kind === "skipped" ? (
          <p key={index} className="px-3 py-0.5 font-sans text-ink-soft">
            {countText(line.count, "unchanged line")}
          </p>
        ) : (
          <p key={index} className={cn("flex gap-2 px-3", looks[line.kind].tone)}>
            <span aria-hidden className="w-2 shrink-0 select-none">
              {looks[line.kind].sign}
            </span>
            <span className="sr-only">{looks[line.kind].word}</span>
            <span className="min-w-0 whitespace-pre-wrap [overflow-wrap:anywhere]">{visibleText(line.text)}</span>
          </p>
        ),
      )}
    </div>
  );
}
