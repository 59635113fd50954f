import { countText } from "@/components/ui/word";
import type { ReviewCount, ToolReviewDto } from "@/lib/servers/review-schema";
import type { DiffPart } from "@/lib/servers/text-diff";

/** "3 tools changed, 1 new"; empty when nothing waits. */
export function waitingText({ changed, new: fresh }: ReviewCount): string {
  if (changed === 0) return fresh === 0 ? "" : countText(fresh, "new tool");
  return `${countText(changed, "tool")} changed${fresh === 0 ? "" : `, ${fresh.toLocaleString("en")} new`}`;
}

/** True when a definition must be looked at by itself: it is flagged, or it does more harm than what was accepted. */
export function needsOwnLook({ flags, changes, isBlocked }: ToolReviewDto): boolean {
  const isGrave = changes.some(({ severity }) => severity === "danger");
  return isBlocked || isGrave || flags.some(({ severity }) => severity !== "notice");
}

/** True when accepting it needs a reason (the service asks for one as well). */
export function needsReason({ flags }: ToolReviewDto): boolean {
  return flags.some(({ severity }) => severity !== "notice");
}

/** One line of a comparison, or a run of unchanged lines that is not shown. */
export type ShownLine = { kind: DiffPart["kind"]; text: string } | { kind: "skipped"; count: number };

/** Unchanged lines kept beside a changed one. */
const around = 3;

/** The lines of a comparison with long unchanged runs left out. */
export function shownLines(parts: readonly DiffPart[]): ShownLine[] {
  return parts.flatMap((part, index): ShownLine[] => {
    const lines = part.text.split("\n").map((text) => ({ kind: part.kind, text }));
    if (part.kind !== "same") return lines;
    const head = index === 0 ? 0 : around;
    const tail = index === parts.length - 1 ? 0 : around;
    const count = lines.length - head - tail;
    if (count < 2) return lines;
    return [...lines.slice(0, head), { kind: "skipped", count }, ...(tail === 0 ? [] : lines.slice(-tail))];
  });
}
