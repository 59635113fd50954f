import { compare, isDecimal, toText } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { approvalWords, conditionWords, quote } from "./changes-words";
import type { Condition, Counting, Leaf, Rule, RuleAction, RuleMode } from "./document";
import { conditionItems, isSameCondition } from "./document-node";

const actionWords: Record<RuleAction, string> = {
  evaluate: "now states a requirement",
  deny: "now denies",
  require_approval: "now holds for approval",
};

const modeWords: Record<RuleMode, string> = {
  enforce: "enforced",
  shadow: "moved to shadow",
  off: "turned off",
};

/** What changed in one rule; `tool` is the tool's name as it stands in a sentence. */
export function ruleChanges(tool: string, before: Rule, after: Rule): string[] {
  const rule = `rule ${quote(after.name)} of ${tool}`;
  const lines: string[] = [];
  if (before.name !== after.name) lines.push(`rule ${quote(before.name)} of ${tool} renamed to ${quote(after.name)}`);
  if (before.mode !== after.mode) lines.push(`${rule} ${modeWords[after.mode]}`);
  if (before.action !== after.action) lines.push(`${rule} ${actionWords[after.action]}`);
  lines.push(...guardChanges(rule, before, after));
  lines.push(...requirementChanges(tool, rule, before, after));
  lines.push(...limitChanges(tool, rule, before, after));
  const [old, now] = [approvalWords(before.approval), approvalWords(after.approval)];
  if (old !== now) lines.push(`${rule}: approval ${old} → ${now}`);
  if (before.onDeny !== after.onDeny) lines.push(`message of ${rule} changed`);
  if (before.description !== after.description) lines.push(`description of ${rule} changed`);
  return lines;
}

/** `when`: which calls the rule is about. */
function guardChanges(rule: string, before: Rule, after: Rule): string[] {
  if (isSameCondition(before.when, after.when)) return [];
  return [`${rule} applies when ${conditionWords(after.when)} (before: ${conditionWords(before.when)})`];
}

/** `conditions`: what must be true. */
function requirementChanges(tool: string, rule: string, before: Rule, after: Rule): string[] {
  if (isSameCondition(before.conditions, after.conditions)) return [];
  const [old, now] = [conditionItems(before.conditions), conditionItems(after.conditions)];
  const cap = capChange(tool, after, old, now);
  if (cap !== null) return [cap];
  const added = now.filter((item) => !old.some((other) => isSameCondition(item, other)));
  const removed = old.filter((item) => !now.some((other) => isSameCondition(item, other)));
  const lines = [
    ...added.map((item) => `${rule} also requires ${conditionWords(item)}`),
    ...removed.map((item) => `${rule} no longer requires ${conditionWords(item)}`),
  ];
  return lines.length > 0 ? lines : [`conditions of ${rule} reordered`];
}

/** One bound of an argument that moved and nothing else. */
function capChange(tool: string, rule: Rule, old: readonly Condition[], now: readonly Condition[]): string | null {
  if (old.length !== now.length) return null;
  const changed = now.flatMap((item, index) => {
    const was = old[index];
    return was && !isSameCondition(item, was) ? [{ was, item }] : [];
  });
  const [only, second] = changed;
  if (!only || second || only.was.kind !== "leaf" || only.item.kind !== "leaf") return null;
  const { was, item } = only;
  if (!isSameCondition({ ...was, value: item.value }, item)) return null;
  if (!isDecimal(was.value) || !isDecimal(item.value)) return null;
  const word = boundWord(item.op);
  if (word === null) return null;
  return `${word} of ${tool} ${moved(was.value, item.value)} (${quote(rule.name)}, ${item.path.text})`;
}

function boundWord(op: Leaf["op"]): string | null {
  if (op === "lt" || op === "lte") return "cap";
  return op === "gt" || op === "gte" ? "least value" : null;
}

function moved(from: Decimal, to: Decimal): string {
  return `${compare(to, from) > 0 ? "raised" : "lowered"} from ${toText(from)} to ${toText(to)}`;
}

function limitChanges(tool: string, rule: string, before: Rule, after: Rule): string[] {
  const [old, now] = [before.counting, after.counting];
  const lines = boundChanges(tool, rule, before, after);
  if (!old && now) return [`${rule} now counts ${whatWords(now)}`, ...lines];
  if (old && !now) return [`${rule} no longer counts ${whatWords(old)}`, ...lines];
  if (!old || !now) return lines;
  if (whatWords(old) !== whatWords(now)) lines.push(`${rule} counts ${whatWords(now)} (before: ${whatWords(old)})`);
  if (old.form === "state" && now.form === "state" && old.counter !== now.counter) {
    lines.push(`${rule} counts under the name ${quote(now.counter)} (before: ${quote(old.counter)})`);
  }
  if (old.onUnknown !== now.onUnknown) {
    lines.push(`${rule}: a lost outcome now ${now.onUnknown === "hold" ? "keeps" : "gives back"} the quota`);
  }
  if (old.onToolError !== now.onToolError) {
    lines.push(`${rule}: a tool error now ${now.onToolError === "post" ? "keeps" : "gives back"} the quota`);
  }
  return lines;
}

/** What a limit counts, over what, and for whom. */
function whatWords({ incrementFrom, increment, window, per, by }: Counting): string {
  const what = incrementFrom
    ? `the sum of ${incrementFrom.text}`
    : increment.int === 1
      ? "calls"
      : `${toText(increment)} for every call`;
  const split = by.length > 0 ? `, apart by ${by.map((path) => path.text).join(", ")}` : "";
  return `${what} per ${window} and ${per}${split}`;
}

function boundChanges(tool: string, rule: string, before: Rule, after: Rule): string[] {
  const [old, other] = before.bounds;
  const [now, further] = after.bounds;
  if (old && now && !other && !further) {
    const lines: string[] = [];
    if (compare(old.max, now.max) !== 0) {
      const word = after.counting && !after.counting.incrementFrom ? "limit" : "cap";
      const per = after.counting ? ` per ${after.counting.window}` : "";
      lines.push(`${word} of ${tool} ${moved(old.max, now.max)}${per} (${quote(after.name)})`);
    }
    if (old.inclusive !== now.inclusive)
      lines.push(`${rule} now lets ${now.inclusive ? "exactly its limit" : "less than its limit"} through`);
    if (before.counting === null && (old.tool !== now.tool || old.counter !== now.counter)) {
      lines.push(`${rule} now looks at the counter ${quote(`${now.tool}.${now.counter}`)}`);
    }
    return lines;
  }
  const words = (rule_: Rule): string =>
    rule_.bounds
      .map(
        ({ tool: owner, counter, max, inclusive }) => `${owner}.${counter} ${inclusive ? "lte" : "lt"} ${toText(max)}`,
      )
      .join(" and ");
  const [was, is] = [words(before), words(after)];
  return was === is || (before.counting === null) !== (after.counting === null)
    ? []
    : [`${rule} limits ${is || "no counter"} (before: ${was || "none"})`];
}
