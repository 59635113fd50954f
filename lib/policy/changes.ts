import { meaningOf } from "./compile";
import { ruleChanges } from "./changes-rule";
import { approvalWords, listWords, plural, quote } from "./changes-words";
import type { Counting, MethodLine, PolicyDocument, PolicyTest, Rule, ToolBlock } from "./document";
import { isSameRule, isSameTest } from "./document-node";
import { counterName, counterScope } from "./path";

/** Lines of a summary; what is beyond is counted. */
const linesMax = 60;

/**
 * What an edit changed, in words, in the order of the new document; empty when nothing but comments and layout differs.
 * `counters`: the counters that start anew because what they count changed. Deterministic and bounded.
 */
export function describeChanges(
  before: PolicyDocument | null,
  after: PolicyDocument,
): { summary: string[]; counters: string[] } {
  if (before === null) return { summary: firstVersion(after), counters: [] };
  const lines = [
    ...wholeChanges(before, after),
    ...hideChanges(before, after),
    ...toolChanges(before, after),
    ...methodChanges(before.methods, after.methods),
    ...approvalChanges(before, after),
    ...testChanges(before.tests, after.tests),
  ];
  return { summary: bounded(lines), counters: bounded(restartedCounters(before, after)) };
}

function bounded(lines: readonly string[]): string[] {
  const rest = lines.length - linesMax;
  return rest > 0 ? [...lines.slice(0, linesMax), `${plural(rest, "more change")}`] : [...lines];
}

function firstVersion({ tools, hide, default: word, methods, tests }: PolicyDocument): string[] {
  const rules = tools.reduce((count, block) => count + block.rules.length, 0);
  const parts = [
    `${plural(tools.length, "tool")} listed`,
    plural(rules, "rule"),
    ...(hide.length > 0 ? [`${plural(hide.length, "name")} hidden`] : []),
    ...(methods.length > 0 ? [plural(methods.length, "method")] : []),
    ...(tests.length > 0 ? [plural(tests.length, "test")] : []),
  ];
  return [`first version: ${parts.join(", ")}; other tools: ${word}`];
}

function wholeChanges(before: PolicyDocument, after: PolicyDocument): string[] {
  const lines: string[] = [];
  if (before.default !== after.default) {
    lines.push(`tools that nothing lists are now ${after.default === "deny" ? "denied" : "allowed"}`);
  }
  if (before.description !== after.description) lines.push("description changed");
  return lines;
}

function hideChanges(before: PolicyDocument, after: PolicyDocument): string[] {
  const [old, now] = [before, after].map(({ hide }) => hide.map((line) => line.pattern));
  const added = (now ?? []).filter((name) => !old?.includes(name));
  const removed = (old ?? []).filter((name) => !now?.includes(name));
  return [...added.map((name) => `${quote(name)} hidden`), ...removed.map((name) => `${quote(name)} no longer hidden`)];
}

function toolChanges(before: PolicyDocument, after: PolicyDocument): string[] {
  const pairs = pairBlocks(before, after);
  const lines = after.tools.flatMap((block) => {
    const old = pairs.get(block);
    if (!old) return [addedTool(block)];
    if (old.name !== block.name) return [`${quote(old.name)} renamed to ${quote(block.name)}`];
    return blockChanges(old, block);
  });
  const kept = new Set(pairs.values());
  const removed = before.tools.filter((block) => !kept.has(block));
  return [...lines, ...removed.map(removedTool), ...orderChange(before, after)];
}

/** By name; then blocks with the same rules under another name. */
function pairBlocks(before: PolicyDocument, after: PolicyDocument): Map<ToolBlock, ToolBlock> {
  const pairs = new Map<ToolBlock, ToolBlock>();
  const free = new Set(before.tools);
  const pair = (block: ToolBlock, test: (old: ToolBlock) => boolean): void => {
    const old = pairs.has(block) ? undefined : [...free].find(test);
    if (!old) return;
    free.delete(old);
    pairs.set(block, old);
  };
  for (const block of after.tools) pair(block, (old) => old.name === block.name);
  for (const block of after.tools) pair(block, (old) => hasSameRules(old, block));
  return pairs;
}

/** Two blocks with the same rules, of which there is at least one: empty ones are all alike. */
function hasSameRules(a: ToolBlock, b: ToolBlock): boolean {
  const same = a.rules.every((rule, index) => {
    const other = b.rules[index];
    return other !== undefined && isSameRule(inScope(rule, a, b), other);
  });
  return a.rules.length > 0 && a.rules.length === b.rules.length && same;
}

/** A rule as it would read in another block: its own counters go by the other name. */
function inScope(rule: Rule, from: ToolBlock, to: ToolBlock): Rule {
  const [old, now] = [counterScope(from.name), counterScope(to.name)];
  return { ...rule, bounds: rule.bounds.map((bound) => (bound.tool === old ? { ...bound, tool: now } : bound)) };
}

function addedTool({ name, rules }: ToolBlock): string {
  if (name === "*") return `${plural(rules.length, "rule")} added for every tool: ${ruleNames(rules)}`;
  if (rules.length === 0) return `${quote(name)} listed: every call is allowed`;
  return `${quote(name)} listed with ${plural(rules.length, "rule")}: ${ruleNames(rules)}`;
}

function removedTool({ name, rules }: ToolBlock): string {
  const went = rules.length > 0 ? `, ${plural(rules.length, "rule")} removed with it` : "";
  return `${quote(name)} no longer listed${went}`;
}

function ruleNames(rules: readonly Rule[]): string {
  return listWords(rules.map((rule) => rule.name));
}

function blockChanges(before: ToolBlock, after: ToolBlock): string[] {
  const pairs = pairRules(before, after);
  const added = after.rules.filter((rule) => !pairs.has(rule));
  const kept = new Set(pairs.values());
  const removed = before.rules.filter((rule) => !kept.has(rule));
  const of = toolWords(after.name);
  const lines: string[] = [];
  if (added.length > 0) lines.push(`${plural(added.length, "rule")} added to ${of}: ${ruleNames(added)}`);
  if (removed.length > 0) lines.push(`${plural(removed.length, "rule")} removed from ${of}: ${ruleNames(removed)}`);
  for (const rule of after.rules) {
    const old = pairs.get(rule);
    if (old) lines.push(...ruleChanges(of, old, rule));
  }
  const order = after.rules.flatMap((rule) => pairs.get(rule) ?? []);
  const isMoved = order.some((rule, index) => before.rules.filter((one) => kept.has(one))[index] !== rule);
  if (isMoved) lines.push(`rule order of ${of} changed (decides only which denial is reported)`);
  return lines;
}

function toolWords(name: string): string {
  return name === "*" ? "every tool" : quote(name);
}

/** By name; then rules that are the same but for their name. */
function pairRules(before: ToolBlock, after: ToolBlock): Map<Rule, Rule> {
  const pairs = new Map<Rule, Rule>();
  const free = new Set(before.rules);
  const pair = (rule: Rule, test: (old: Rule) => boolean): void => {
    const old = pairs.has(rule) ? undefined : [...free].find(test);
    if (!old) return;
    free.delete(old);
    pairs.set(rule, old);
  };
  for (const rule of after.rules) pair(rule, (old) => old.name === rule.name);
  for (const rule of after.rules) pair(rule, (old) => isSameRule(nameless(old), nameless(rule)));
  return pairs;
}

/** Counters of the short forms hold the rule's name. */
function nameless(rule: Rule): Rule {
  const { counting } = rule;
  if (!counting || counting.form === "state") return { ...rule, name: "" };
  const bounds = rule.bounds.map((bound) => ({ ...bound, counter: "" }));
  return { ...rule, name: "", bounds, counting: { ...counting, counter: "" } };
}

function orderChange(before: PolicyDocument, after: PolicyDocument): string[] {
  const [old, now] = [before, after].map(({ tools }) => tools.map((block) => block.name));
  const kept = (now ?? []).filter((name) => old?.includes(name));
  const was = (old ?? []).filter((name) => now?.includes(name));
  const isMoved = kept.some((name, index) => was[index] !== name);
  return isMoved ? ["order of tools changed (decides only which denial is reported)"] : [];
}

function methodChanges(before: readonly MethodLine[], after: readonly MethodLine[]): string[] {
  const [old, now] = [before, after].map((lines) => new Map(lines.map(({ pattern, action }) => [pattern, action])));
  const changed = after.filter(({ pattern, action }) => old?.get(pattern) !== action);
  const removed = before.filter(({ pattern }) => !now?.has(pattern));
  return [
    ...changed.map(({ pattern, action }) => `method ${quote(pattern)} ${action === "deny" ? "denied" : "allowed"}`),
    ...removed.map(({ pattern }) => `method ${quote(pattern)} no longer mentioned`),
  ];
}

function approvalChanges(before: PolicyDocument, after: PolicyDocument): string[] {
  const [old, now] = [approvalWords(before.approvals), approvalWords(after.approvals)];
  return old === now ? [] : [`approvals for all rules: ${old} → ${now}`];
}

function testChanges(before: readonly PolicyTest[], after: readonly PolicyTest[]): string[] {
  const old = new Map(before.map((test) => [test.name, test]));
  const now = new Set(after.map((test) => test.name));
  const added = after.filter((test) => !old.has(test.name));
  const removed = before.filter((test) => !now.has(test.name));
  const changed = after.filter((test) => {
    const was = old.get(test.name);
    return was && !isSameTest(was, test);
  });
  const line = (tests: readonly PolicyTest[], word: string): string[] =>
    tests.length > 0 ? [`${plural(tests.length, "test")} ${word}: ${listWords(tests.map((test) => test.name))}`] : [];
  return [...line(added, "added"), ...line(removed, "removed"), ...line(changed, "changed")];
}

/** Counters that go on by name but count something else now, and those that go on under another name: both begin at 0. */
function restartedCounters(before: PolicyDocument, after: PolicyDocument): string[] {
  const [old, now] = [countersOf(before), countersOf(after)];
  const blocks = pairBlocks(before, after);
  const lines: string[] = [];
  for (const [id, counter] of now) {
    const was = old.get(id);
    if (was && was.words !== counter.words) lines.push(`${counter.name}: ${was.words} → ${counter.words}`);
    if (was) continue;
    const block = blocks.get(counter.block);
    const rule = block && pairRules(block, counter.block).get(counter.rule);
    const earlier = [...old].find(([other, { rule: one }]) => one === rule && !now.has(other));
    if (earlier) lines.push(`${counter.name}: a new counter in the place of ${earlier[1].name}`);
  }
  return lines;
}

interface CounterWords {
  readonly block: ToolBlock;
  readonly rule: Rule;
  /** As people name it: that of a `limit` goes by its rule. */
  readonly name: string;
  /** What it counts. */
  readonly words: string;
}

/** The counters of a document, by the names that the gateway gives them. */
function countersOf(document: PolicyDocument): Map<string, CounterWords> {
  const counters = new Map<string, CounterWords>();
  for (const block of document.tools) {
    const scope = counterScope(block.name);
    for (const rule of block.rules) {
      const { counting } = rule;
      if (!counting || rule.mode === "off") continue;
      const name = `${scope}.${counting.form === "limit" ? rule.name : counting.counter}`;
      counters.set(counterName(scope, counting.counter), { block, rule, name, words: countingWords(counting) });
    }
  }
  return counters;
}

function countingWords(counting: Counting): string {
  const meaning = meaningOf(counting);
  const what = counting.incrementFrom
    ? meaning
    : meaning.replace(/^1 per /, "calls per ").replace(/^([0-9.]+) per /, "$1 a call per ");
  return `${what}, per ${counting.per}`;
}
