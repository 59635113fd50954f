import { CircleAlert, Info, TriangleAlert, type LucideIcon } from "lucide-react";
import { cn } from "@/components/ui/cn";
import { visibleText } from "@/components/ui/visible-text";
import type { Change, ChangeSeverity } from "@/lib/servers/definition-change";
import type { Flag } from "@/lib/servers/definition-flags";
import type { DiffPart } from "@/lib/servers/text-diff";

type Weight = ChangeSeverity | Flag["severity"];

const looks: Readonly<Record<Weight, { word: string; icon: LucideIcon; tone: string }>> = {
  block: { word: "Blocked", icon: CircleAlert, tone: "text-red" },
  danger: { word: "Danger", icon: CircleAlert, tone: "text-red" },
  warning: { word: "Look", icon: TriangleAlert, tone: "text-amber" },
  notice: { word: "Look", icon: TriangleAlert, tone: "text-amber" },
  info: { word: "Note", icon: Info, tone: "text-ink-soft" },
};

function Mark({ weight }: { weight: Weight }) {
  const { word, icon: Icon, tone } = looks[weight];
  return (
    <span className={cn("flex shrink-0 items-center gap-1 self-start pt-0.5 text-xs font-medium", tone)}>
      <Icon aria-hidden className="size-3.5" strokeWidth={2.25} />
      {word}
    </span>
  );
}

/** What changed in meaning, one sentence each, the gravest first; changed wording with it, word by word. */
export function ChangeList({ changes }: { changes: readonly Change[] }) {
  return (
    <ul className="grid gap-2.5">
      {changes.map((change) => (
        <li key={`${change.code} ${change.at}`} className="grid gap-1 sm:grid-cols-[4.5rem_1fr] sm:gap-3">
          <Mark weight={change.severity} />
          <div className="grid min-w-0 gap-1">
            <p className="[overflow-wrap:anywhere]">{visibleText(change.message)}</p>
            {change.words ? <Words parts={change.words} /> : null}
          </div>
        </li>
      ))}
    </ul>
  );
}

/** Why a definition is suspicious: the sentence, and what stands there, with hidden characters written out. */
export function FlagList({ flags }: { flags: readonly Flag[] }) {
  return (
    <ul className="grid gap-2.5">
      {flags.map((flag, index) => (
        <li key={`${flag.code} ${flag.at} ${String(index)}`} className="grid gap-1 sm:grid-cols-[4.5rem_1fr] sm:gap-3">
          <Mark weight={flag.severity} />
          <div className="grid min-w-0 gap-1">
            <p className="[overflow-wrap:anywhere]">{visibleText(flag.message)}</p>
            {flag.evidence === "" ? null : (
              <p className="text-sm">
                <code className="rounded-sm bg-sunken px-1 py-0.5 font-mono [overflow-wrap:anywhere]">
                  {visibleText(flag.evidence)}
                </code>
                {flag.at === "" ? null : (
                  <span className="ml-2 font-mono text-xs text-ink-faint [overflow-wrap:anywhere]">
                    {visibleText(flag.at)}
                  </span>
                )}
              </p>
            )}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Words({ parts }: { parts: readonly DiffPart[] }) {
  return (
    <p
      className="max-h-60 overflow-y-auto rounded-md bg-sunken px-2.5 py-1.5 text-sm [overflow-wrap:anywhere]"
      tabIndex={0}
      role="group"
      aria-label="What was said and what is said"
    >
      {parts.map((part, index) => {
        const text = visibleText(part.text);
        if (part.kind === "same") return <span key={index}>{text}</span>;
        return part.kind === "removed" ? (
          <del key={index} className="rounded-sm bg-red-soft text-red">
            {text}
          </del>
        ) : (
          <ins key={index} className="rounded-sm bg-green-soft text-green no-underline">
            {text}
          </ins>
        );
      })}
    </p>
  );
}
