import { planFor } from "./compile";
import type { CompiledPolicy, CompiledRule } from "./compiled";
import type { PolicyDocument, Rule, RuleAction } from "./document";
import { isHidden } from "./evaluate";
import { matchesGlob } from "./glob";
import { pointerToken } from "./path";

/** What a policy does with a tool before any argument is looked at. */
export type ToolClass = "allow" | "rules" | "hold" | "deny" | "hidden" | "default_deny";

/** What the log says: how often a rule decided a tool's calls, and when last (ISO 8601). */
export interface Decided {
  readonly tool: string;
  /** Rule id, a word such as `(default deny)`, or "" for calls that were allowed. */
  readonly rule: string;
  readonly count: number;
  readonly lastAt: string;
}

/** How often a rule in shadow would have spoken. */
export interface Shadowed {
  readonly rule: string;
  readonly would: "deny" | "hold" | "rate_limited";
  readonly count: number;
  readonly lastAt: string;
}

export interface CoverageCell {
  readonly rule: string;
  readonly name: string;
  readonly action: RuleAction;
  /** `unreachable`: a rule before it, or `hide`, always decides first. */
  readonly state: "decides" | "never" | "unreachable" | "shadow" | "off";
  readonly count: number;
  readonly lastAt: string | null;
}

export interface ToolCoverage {
  readonly tool: string;
  readonly class: ToolClass;
  /** True when nothing but `default` decides about it. */
  readonly fallsToDefault: boolean;
  /** Allowed calls, and calls denied or let through by `default` alone, in the range. */
  readonly allowed: number;
  readonly byDefault: number;
  readonly lastAt: string | null;
  readonly cells: readonly CoverageCell[];
}

export interface RuleCoverage {
  readonly rule: string;
  readonly name: string;
  readonly block: string;
  readonly mode: Rule["mode"];
  readonly decides: number;
  readonly lastAt: string | null;
  /** Tools of the servers that the rule applies to. */
  readonly tools: number;
  readonly shadow: readonly Shadowed[];
}

export interface Coverage {
  readonly tools: readonly ToolCoverage[];
  readonly rules: readonly RuleCoverage[];
}

/** Each tool × each rule of its blocks with what the log says of them. Tools are the servers' and those that the policy names. */
export function coverageOf(
  policy: { document: PolicyDocument; compiled: CompiledPolicy },
  tools: readonly string[],
  log: { decided: readonly Decided[]; shadowed: readonly Shadowed[] },
): Coverage {
  const names = [...new Set([...tools, ...log.decided.map(({ tool }) => tool)])].sort();
  const covered = names.map((tool) => toolCoverage(policy, tool, log));
  return { tools: covered, rules: rulesOf(policy.document, names, log) };
}

function toolCoverage(
  { document, compiled }: { document: PolicyDocument; compiled: CompiledPolicy },
  tool: string,
  log: { decided: readonly Decided[]; shadowed: readonly Shadowed[] },
): ToolCoverage {
  const own = log.decided.filter((row) => row.tool === tool);
  const toolClass = classOf(compiled, tool);
  const blocking = flatDenial(compiled, tool);
  let behind = toolClass === "hidden" || toolClass === "default_deny";
  const cells = rulesFor(document, tool).map(({ id, rule }): CoverageCell => {
    const hits = own.find((row) => row.rule === id);
    const base = {
      rule: id,
      name: rule.name,
      action: rule.action,
      count: hits?.count ?? 0,
      lastAt: hits?.lastAt ?? null,
    };
    if (rule.mode !== "enforce") return { ...base, state: rule.mode };
    const state = base.count > 0 ? "decides" : behind ? "unreachable" : "never";
    if (id === blocking) behind = true;
    return { ...base, state };
  });
  const listed = planFor(compiled, tool).listed;
  return {
    tool,
    class: toolClass,
    fallsToDefault: !listed && toolClass !== "hidden",
    allowed: sum(own.filter((row) => row.rule === "")),
    byDefault: sum(own.filter((row) => row.rule === "(default deny)" || (row.rule === "" && !listed))),
    lastAt: latest(own),
    cells,
  };
}

/** The verdict class of a tool, by the evaluator's own tables. */
export function classOf(compiled: CompiledPolicy, tool: string): ToolClass {
  if (isHidden(compiled, tool)) return "hidden";
  const plan = planFor(compiled, tool);
  if (!plan.listed && !compiled.defaultAllow) return "default_deny";
  if (plan.rules.some(isFlat("deny"))) return "deny";
  if (plan.rules.some(isFlat("require_approval"))) return "hold";
  return plan.rules.length > 0 ? "rules" : "allow";
}

const isFlat = (action: RuleAction) => (rule: CompiledRule) => rule.action === action && rule.when === null;

function flatDenial(compiled: CompiledPolicy, tool: string): string | null {
  return planFor(compiled, tool).rules.find(isFlat("deny"))?.id ?? null;
}

function rulesFor(document: PolicyDocument, tool: string): { id: string; rule: Rule }[] {
  const blocks = document.tools.filter((block) => matchesGlob(block.name, tool));
  return blocks.flatMap((block) => block.rules.map((rule) => ({ id: idOf(block.name, rule.name), rule })));
}

function idOf(block: string, rule: string): string {
  return `/tools/${pointerToken(block)}/rules/${pointerToken(rule)}`;
}

function rulesOf(
  document: PolicyDocument,
  tools: readonly string[],
  log: { decided: readonly Decided[]; shadowed: readonly Shadowed[] },
): RuleCoverage[] {
  return document.tools.flatMap((block) => {
    const reached = tools.filter((tool) => matchesGlob(block.name, tool)).length;
    return block.rules.map((rule): RuleCoverage => {
      const id = idOf(block.name, rule.name);
      const hits = log.decided.filter((row) => row.rule === id);
      const shadow = log.shadowed.filter((row) => row.rule === id);
      const { name, mode } = rule;
      return {
        rule: id,
        name,
        block: block.name,
        mode,
        decides: sum(hits),
        lastAt: latest(hits),
        tools: reached,
        shadow,
      };
    });
  });
}

function sum(rows: readonly { count: number }[]): number {
  return rows.reduce((total, row) => total + row.count, 0);
}

function latest(rows: readonly { lastAt: string }[]): string | null {
  return rows.reduce<string | null>((last, { lastAt }) => (last === null || lastAt > last ? lastAt : last), null);
}
