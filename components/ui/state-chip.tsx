import {
  Ban,
  Check,
  CircleDashed,
  CircleHelp,
  CircleSlash,
  CircleX,
  Clock,
  Eye,
  EyeOff,
  FileWarning,
  Gauge,
  Hand,
  ListChecks,
  Minus,
  Power,
  PowerOff,
  ShieldAlert,
  Undo2,
  Unlink,
  Unplug,
  type LucideIcon,
} from "lucide-react";
import { cn } from "./cn";

export const tones = {
  green: "bg-green-soft text-green",
  red: "bg-red-soft text-red",
  amber: "bg-amber-soft text-amber",
  violet: "bg-violet-soft text-violet",
  orange: "bg-orange-soft text-orange",
  grey: "bg-grey-soft text-grey",
  slate: "bg-slate-soft text-slate",
  brown: "bg-brown-soft text-brown",
} as const;
export type Tone = keyof typeof tones;

interface Look {
  word: string;
  icon: LucideIcon;
  tone: Tone;
}

/** Every state that the console draws: one word, one icon, one tone. */
export const states = {
  allow: { word: "Allowed", icon: Check, tone: "green" },
  deny: { word: "Denied", icon: Ban, tone: "red" },
  hold: { word: "Held", icon: Hand, tone: "amber" },
  rate_limited: { word: "Rate limited", icon: Gauge, tone: "violet" },
  hidden: { word: "Hidden", icon: EyeOff, tone: "slate" },
  in_doubt: { word: "In doubt", icon: CircleHelp, tone: "orange" },
  posted: { word: "Posted", icon: Check, tone: "green" },
  void: { word: "Void", icon: Undo2, tone: "grey" },
  upstream_error: { word: "Upstream error", icon: Unplug, tone: "brown" },
  running: { word: "Running", icon: CircleDashed, tone: "grey" },
  active: { word: "Active", icon: Check, tone: "green" },
  expired: { word: "Expired", icon: Clock, tone: "grey" },
  revoked: { word: "Revoked", icon: Ban, tone: "red" },
  enabled: { word: "Enabled", icon: Power, tone: "green" },
  disabled: { word: "Disabled", icon: PowerOff, tone: "grey" },
  gone: { word: "Gone", icon: CircleSlash, tone: "grey" },
  draft: { word: "Nothing published", icon: CircleDashed, tone: "grey" },
  live: { word: "Live", icon: Check, tone: "green" },
  rules: { word: "By its rules", icon: ListChecks, tone: "grey" },
  default_deny: { word: "Denied by default", icon: CircleSlash, tone: "slate" },
  shadow: { word: "Shadow", icon: Eye, tone: "grey" },
  off: { word: "Off", icon: PowerOff, tone: "grey" },
  decides: { word: "Decides", icon: Check, tone: "green" },
  never: { word: "Never matched", icon: CircleDashed, tone: "grey" },
  unreachable: { word: "Unreachable", icon: Unlink, tone: "amber" },
  passes: { word: "Passes", icon: Check, tone: "green" },
  fails: { word: "Fails", icon: CircleX, tone: "red" },
  skipped: { word: "Does not apply", icon: Minus, tone: "grey" },
  connected: { word: "Connected", icon: Check, tone: "green" },
  reconnect: { word: "Reconnect needed", icon: Unplug, tone: "amber" },
  unconnected: { word: "Not connected", icon: CircleDashed, tone: "grey" },
  quarantined: { word: "Quarantined", icon: ShieldAlert, tone: "amber" },
  scan_failed: { word: "Scan failed", icon: FileWarning, tone: "brown" },
} as const satisfies Record<string, Look>;
export type State = keyof typeof states;

interface Props {
  state: State;
  /** Other words beside the same icon and tone. */
  word?: string;
  className?: string;
}

/** The one drawing of a state: icon, word and tone, so that colour never stands alone. */
export function StateChip({ state, word, className }: Props) {
  const { word: usual, icon: Icon, tone } = states[state];
  return (
    <span
      className={cn(
        "inline-flex h-5 items-center align-middle gap-1 rounded-sm px-1.5 text-xs font-medium whitespace-nowrap forced-colors:border",
        tones[tone],
        className,
      )}
    >
      <Icon aria-hidden className="size-3.5 shrink-0" strokeWidth={2.25} />
      {word ?? usual}
    </span>
  );
}
