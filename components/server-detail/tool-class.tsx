import {
  Banknote,
  Eye,
  OctagonAlert,
  Pencil,
  Shield,
  ShieldAlert,
  ShieldCheck,
  SquareTerminal,
  Trash2,
  type LucideIcon,
} from "lucide-react";
import { cn } from "@/components/ui/cn";
import { tones, type Tone } from "@/components/ui/state-chip";
import { Tooltip } from "@/components/ui/tooltip";
import type { ToolCategory, ToolRisk } from "@/lib/kernel/tool-class";
import type { ToolDto } from "@/lib/servers/schema";

interface Look {
  word: string;
  icon: LucideIcon;
  tone: Tone;
}

export const categoryLooks: Readonly<Record<ToolCategory, Look>> = {
  read: { word: "Read", icon: Eye, tone: "grey" },
  write: { word: "Write", icon: Pencil, tone: "slate" },
  execute: { word: "Execute", icon: SquareTerminal, tone: "violet" },
  destructive: { word: "Destructive", icon: Trash2, tone: "red" },
  financial: { word: "Financial", icon: Banknote, tone: "amber" },
};

export const riskLooks: Readonly<Record<ToolRisk, Look>> = {
  low: { word: "Low", icon: ShieldCheck, tone: "green" },
  medium: { word: "Medium", icon: Shield, tone: "grey" },
  high: { word: "High", icon: ShieldAlert, tone: "orange" },
  critical: { word: "Critical", icon: OctagonAlert, tone: "red" },
};

const sources = { name: "Name", annotation: "Annotation", description: "Description", schema: "Arguments" } as const;

function Chip({ look: { word, icon: Icon, tone } }: { look: Look }) {
  return (
    <span
      className={cn(
        "inline-flex h-5 items-center gap-1 rounded-sm px-1.5 text-xs font-medium whitespace-nowrap forced-colors:border",
        tones[tone],
      )}
    >
      <Icon aria-hidden className="size-3.5 shrink-0" strokeWidth={2.25} />
      {word}
    </span>
  );
}

/** Why a tool is classed as it is: what its definition says, and what a person made of it. */
export function ToolEvidence({ tool }: { tool: ToolDto }) {
  const { computed, overridden } = tool;
  const parts = [overridden.category ? "category" : "", overridden.risk ? "risk" : ""].filter(Boolean);
  return (
    <>
      {parts.length > 0 ? (
        <p className="mb-1">
          A person set the {parts.join(" and ")}. By its definition: {categoryLooks[computed.category].word},{" "}
          {riskLooks[computed.risk].word.toLowerCase()} risk.
        </p>
      ) : null}
      <ul className="grid gap-0.5">
        {tool.evidence.map(({ source, text }) => (
          <li key={`${source} ${text}`}>
            <span className="text-ink-soft">{sources[source]}:</span> {text}
          </li>
        ))}
      </ul>
    </>
  );
}

/** Category and risk as icon and word; why, on hover and focus. */
export function ToolClassChips({ tool }: { tool: ToolDto }) {
  const isSet = tool.overridden.category || tool.overridden.risk;
  return (
    <Tooltip text={<ToolEvidence tool={tool} />}>
      <button type="button" className="inline-flex cursor-help flex-wrap items-center gap-1 rounded-sm sm:flex-nowrap">
        <span className="sr-only">Category</span>
        <Chip look={categoryLooks[tool.category]} />
        <span className="sr-only">Risk</span>
        <Chip look={riskLooks[tool.risk]} />
        {isSet ? <span className="text-xs text-ink-soft">set</span> : null}
      </button>
    </Tooltip>
  );
}
