"use client";

import { cn } from "@/components/ui/cn";
import { PlainText } from "@/components/ui/plain-text";
import { StateChip, type State } from "@/components/ui/state-chip";
import { Tag } from "@/components/ui/tag";
import { ConditionView } from "./condition-view";
import type { JudgedRule, ReadyPolicy } from "./judgement";

interface Props {
  rules: readonly JudgedRule[];
  policy: ReadyPolicy;
  /** Said when no rule was looked at. */
  none: string;
}

/** Every rule that is for the tool, how it ended and what it looked at; the deciding one is marked. */
export function RuleList({ rules, policy, none }: Props) {
  return (
    <section aria-label="Rules" className="grid grid-cols-1 gap-2">
      <h2 className="text-base">Rules</h2>
      {rules.length === 0 ? <p className="text-sm text-ink-soft">{none}</p> : null}
      <ol className="grid grid-cols-1 gap-2">
        {rules.map((rule) => (
          <RuleCard key={rule.rule} rule={rule} line={lineOf(policy, rule)} />
        ))}
      </ol>
    </section>
  );
}

/** Line of the rule in the text. */
function lineOf({ document, source }: ReadyPolicy, { rule }: JudgedRule): number | null {
  for (const block of document.tools) {
    const found = block.rules.find(({ name }) => `/tools/${token(block.name)}/rules/${token(name)}` === rule);
    if (found) return source.positionOf(found.at).line;
  }
  return null;
}

function token(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function ending(rule: JudgedRule): { state: State; word?: string } {
  const { outcome, full, shadow } = rule;
  if (outcome.kind === "skipped") return { state: "skipped" };
  if (outcome.kind === "denied")
    return shadow ? { state: "shadow", word: "Would deny" } : { state: "deny", word: "Denies" };
  if (outcome.kind === "held")
    return shadow ? { state: "shadow", word: "Would hold" } : { state: "hold", word: "Holds" };
  if (full.length === 0) return { state: "passes" };
  return full.some((limit) => !limit.shadow)
    ? { state: "rate_limited", word: "Limit reached" }
    : { state: "shadow", word: "Would limit" };
}

function RuleCard({ rule, line }: { rule: JudgedRule; line: number | null }) {
  const { name, when, conditions, outcome, counters, decides } = rule;
  return (
    <li
      {...(decides ? { "data-decides": "" } : {})}
      className={cn(
        "grid gap-2 rounded-md border px-3 py-2.5",
        decides ? "border-accent bg-accent-soft" : "border-line",
      )}
    >
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <StateChip {...ending(rule)} />
        <PlainText text={name} className="font-mono text-sm font-medium" />
        {decides ? <Tag>decides</Tag> : null}
        {line === null ? null : <span className="num ml-auto text-sm text-ink-soft">line {line}</span>}
      </div>
      {when ? <Part label="Applies when" trace={when} /> : null}
      {conditions ? <Part label="Must hold" trace={conditions} /> : null}
      {outcome.kind === "denied" && outcome.reason === "amount" ? (
        <p className="text-sm text-ink-soft">The amount to count is missing, negative or no number.</p>
      ) : null}
      {counters.length > 0 && !when && !conditions ? (
        <p className="text-sm text-ink-soft">A limit; what is counted stands under Counters.</p>
      ) : null}
      {!when && !conditions && counters.length === 0 && outcome.kind !== "passed" ? (
        <p className="text-sm text-ink-soft">It is for every call of the tool.</p>
      ) : null}
    </li>
  );
}

function Part({ label, trace }: { label: string; trace: NonNullable<JudgedRule["when"]> }) {
  return (
    <div className="grid gap-1">
      <p className="text-sm text-ink-soft">{label}</p>
      <ConditionView trace={trace} />
    </div>
  );
}
