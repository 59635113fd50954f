import { canonical } from "@/lib/audit/canonical";
import { toText } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import type { ApprovalTerms } from "@/lib/policy/document";
import { durationText } from "@/lib/policy/duration";
import type { ConditionTrace, Explanation, RuleTrace } from "@/lib/policy/explain";
import type { CounterTrace, Simulation } from "@/lib/policy/simulate";
import { counterLabel } from "@/lib/policy/split";
import type { Facts } from "@/lib/policy/types";
import { agentText } from "@/lib/policy/agent-text";
import { harmless, type Colour, type Paint } from "./paint";

/** Everything that is known about one judged call. */
export interface Judged {
  readonly facts: Facts;
  readonly explanation: Explanation;
  readonly simulation: Simulation;
  /** A counter by the name that people write. */
  readonly counterNameOf: (counter: string) => string;
}

const valueMax = 160;
const verdictColours = { allow: "green", hold: "yellow", rate_limited: "red", deny: "red", hidden: "red" } as const;
const verdictWords = {
  allow: "ALLOW",
  hold: "HOLD",
  rate_limited: "RATE LIMITED",
  deny: "DENY",
  hidden: "HIDDEN",
} as const;
const truthColours = { true: "green", false: "red", unknown: "yellow" } as const;

/** The answer for people: verdict, text for the agent, every rule with its conditions, counters, shadow. */
export function explainLines(judged: Judged, paint: Paint): string[] {
  const { facts, explanation, simulation, counterNameOf } = judged;
  const linesOf = (isShadow: boolean) =>
    explanation.rules
      .filter((rule) => rule.shadow === isShadow)
      .flatMap((rule) => ruleLines(rule, simulation.counters, paint));
  const counters = simulation.counters.map((counter) => counterLine(counter, counterNameOf, paint));
  const shadow = simulation.shadow.map(({ rule, would }) => `  ${harmless(rule)} would ${would.replace("_", " ")}`);
  return [
    `${paint("bold", harmless(facts.tool))} ${valueText(facts.args)}`,
    "",
    ...verdictLines(judged, paint),
    ...section("Rules that looked at this call", linesOf(false), paint),
    ...section("Counters", counters, paint),
    ...section("Rules in shadow, without effect", [...linesOf(true), ...shadow], paint),
  ];
}

function section(title: string, lines: readonly string[], paint: Paint): string[] {
  return lines.length === 0 ? [] : ["", paint("bold", title), ...lines];
}

function verdictLines({ facts, simulation }: Judged, paint: Paint): string[] {
  const { verdict } = simulation;
  const head = paint(verdictColours[verdict.kind], paint("bold", verdictWords[verdict.kind]));
  const rule = verdict.kind === "allow" ? [] : [`  rule    ${harmless(verdict.rule)}`];
  const reason = "reason" in verdict ? [`  reason  ${verdict.reason}`] : [];
  const text = agentText(verdict, facts.tool);
  const terms = verdict.kind === "hold" ? verdict.terms.map((one) => `  held    ${termsText(one)}`) : [];
  return [head, ...rule, ...reason, ...(text === null ? [] : [`  agent   ${harmless(text)}`]), ...terms];
}

function termsText({ timeoutMs, approvers, quorum, reasonRequired }: ApprovalTerms): string {
  const reason = reasonRequired ? ", with a reason" : "";
  return `up to ${durationText(timeoutMs)}, for ${quorum} of ${approvers.map(harmless).join(", ")}${reason}`;
}

function ruleLines(trace: RuleTrace, counters: readonly CounterTrace[], paint: Paint): string[] {
  const isFull = counters.some(({ full }) => full.some((limit) => limit.rule === trace.rule));
  const [mark, colour, words] = outcomeOf(trace, isFull);
  return [
    `  ${paint(colour, mark)} ${harmless(trace.name)}: ${paint(colour, words)}`,
    ...(trace.when ? conditionLines("when", trace.when, 6, paint) : []),
    ...(trace.conditions ? conditionLines("must hold", trace.conditions, 6, paint) : []),
  ];
}

function outcomeOf({ outcome }: RuleTrace, isFull: boolean): [string, Colour, string] {
  if (!("reason" in outcome)) {
    if (outcome.kind === "skipped") return ["-", "dim", "does not apply"];
    return isFull ? ["✗", "red", "its limit has no room"] : ["✓", "green", "passes"];
  }
  const why = outcome.reason === "rule" ? "" : ` (${outcome.reason})`;
  return outcome.kind === "held" ? ["?", "yellow", `holds${why}`] : ["✗", "red", `denies${why}`];
}

/** One condition per line; groups indent what they hold. */
function conditionLines(title: string, trace: ConditionTrace, column: number, paint: Paint): string[] {
  const rows = rowsOf(trace, 0);
  const width = Math.min(60, Math.max(...rows.map(({ left }) => left.length)));
  const pad = " ".repeat(column);
  return [
    `${pad}${paint("dim", title)}`,
    ...rows.map(({ left, truth, note }) => {
      const word = paint(truthColours[truth], truth);
      const gap = " ".repeat(9 - truth.length);
      return `${pad}  ${left.padEnd(width)}  ${word}${note === "" ? "" : `${gap}${paint("dim", note)}`}`;
    }),
  ];
}

interface Row {
  left: string;
  truth: ConditionTrace["truth"];
  note: string;
}

function rowsOf(trace: ConditionTrace, depth: number): Row[] {
  const pad = "  ".repeat(depth);
  if (trace.kind !== "leaf") {
    const inner = trace.items.flatMap((item) => rowsOf(item, depth + 1));
    return [{ left: `${pad}${trace.kind}`, truth: trace.truth, note: "" }, ...inner];
  }
  const wrong = trace.why === "type" ? ", a type that this operator cannot judge" : "";
  const note = trace.actual === undefined ? "the call has none" : `is ${valueText(trace.actual)}${wrong}`;
  return [{ left: `${pad}${harmless(trace.path)} ${trace.op} ${valueText(trace.value)}`, truth: trace.truth, note }];
}

function counterLine(
  { demand, before, after, resetsAt, full }: CounterTrace,
  nameOf: Judged["counterNameOf"],
  paint: Paint,
): string {
  const name = harmless(counterLabel(nameOf(demand.counter), demand.by));
  const bounds = demand.limits.map(({ max, inclusive }) => `${inclusive ? "at most" : "below"} ${toText(max)}`);
  const room = full.length > 0 ? paint("red", "no room") : paint("green", "room");
  const sum = `${toText(before)} + ${toText(demand.amount)} = ${toText(after)}`;
  const limit = bounds.length === 0 ? "no limit" : `${bounds.join(", ")}: ${room}`;
  const until = resetsAt.replace(".000Z", "Z");
  return `  ${name}, per ${demand.per} and ${demand.window}: ${sum}, ${limit}, until ${until}`;
}

/** A value as one short line of JSON. */
export function valueText(value: Value | readonly Value[]): string {
  const text = harmless(canonical(value));
  return text.length > valueMax ? `${text.slice(0, valueMax)}…` : text;
}
