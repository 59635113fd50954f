import { decimalOf, isNegative, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { counterPers } from "@/lib/quota/key";
import { windows } from "@/lib/quota/window";
import type { Window } from "@/lib/quota/window";
import type { CounterBound, Counting } from "./document";
import { nearest } from "./nearest";
import { counterScope } from "./path";
import type { Path } from "./path";
import type { ProblemList } from "./problems";
import { readPath } from "./read-condition";
import { readList, readMap, readNumber, readText, readWord, requireEntry } from "./shape";
import type { TreeMap, TreeNode } from "./yaml-tree";

/** The three spellings of a limit; a rule has at most one. */
export const counterKinds = ["rate_limit", "limit", "state"] as const;
export const limitKeys = ["sum", "max", "window", "per", "by"];
export const stateKeys = ["counter", "window", "increment", "increment_from", "per", "by"];

const nameMax = 128;
const byMax = 4;

/** What a rule counts and, for the short spellings, the bound that comes with it. */
export interface ReadLimit {
  readonly counting: Counting;
  readonly bound: CounterBound | null;
}

/** The rule that holds the limit, as far as its limit depends on it. */
export interface LimitRule {
  /** Key of the block under `tools`. */
  readonly tool: string;
  readonly name: string;
  readonly guarded: boolean;
}

/** Reads `rate_limit`, `limit` or `state` of a rule, whichever is there. */
export function readLimit(problems: ProblemList, map: TreeMap, rule: LimitRule): ReadLimit | null {
  const settle = readSettlement(problems, map);
  const [rate, limit, state] = counterKinds.map((key) => map.entries.get(key)?.value);
  const read = rate
    ? readRate(problems, rate, rule.guarded ? `/${rule.name}` : "")
    : limit
      ? readShortLimit(problems, limit, rule.name)
      : state && readState(problems, state);
  if (!read) return null;
  const { max, ...counting } = read;
  const { onUnknown = counting.incrementFrom ? "hold" : "release", onToolError = "void" } = settle;
  const scope = counterScope(rule.tool);
  const bound = max && { at: counting.at, tool: scope, counter: counting.counter, max, inclusive: true };
  return { counting: { ...counting, onUnknown, onToolError }, bound };
}

type ReadCounting = Omit<Counting, "onUnknown" | "onToolError"> & { max: Decimal | null };

function readSettlement(problems: ProblemList, map: TreeMap): Partial<Pick<Counting, "onUnknown" | "onToolError">> {
  const [unknown, toolError] = [map.entries.get("on_unknown"), map.entries.get("on_tool_error")];
  const onUnknown = unknown && readWord(problems, unknown.value, ["hold", "release"]);
  const onToolError = toolError && readWord(problems, toolError.value, ["void", "post"]);
  return { ...(onUnknown ? { onUnknown } : {}), ...(onToolError ? { onToolError } : {}) };
}

/** `"60/minute"`; calls that a guard picks out are counted apart, under the rule's own name. */
function readRate(problems: ProblemList, node: TreeNode, suffix: string): ReadCounting | null {
  const text = readText(problems, node, 'a rate such as `"60/minute"`', 80);
  if (text === null) return null;
  const match = /^([0-9]{1,15})\/([A-Za-z]+)$/.exec(text);
  const window = windows.find((known) => known === match?.[2]);
  if (!match || !window) {
    const close = match ? nearest(match[2] ?? "", windows) : null;
    const hint = close ? `Did you mean \`${match?.[1]}/${close}\`?` : `Windows: ${windows.join(", ")}.`;
    problems.error("value", node, `\`${text}\` is not a rate of the form \`<count>/<window>\``, hint);
    return null;
  }
  const increment = decimalOf(1);
  const max = decimalOf(Number(match[1]));
  const whole = { form: "rate_limit", per: "grant", by: [], incrementFrom: null } as const;
  return { at: node.pointer, counter: `_rate_${window}${suffix}`, window, increment, max, ...whole };
}

function readShortLimit(problems: ProblemList, node: TreeNode, name: string): ReadCounting | null {
  const map = readMap(problems, node, limitKeys, "a limit: `{sum, max, window}`");
  if (!map) return null;
  const maxNode = requireEntry(problems, map, "max")?.value;
  const max = maxNode ? readNumber(problems, maxNode, "the most that is let through, a number") : null;
  if (max && maxNode && isNegative(max)) problems.error("value", maxNode, "A limit cannot be negative");
  const window = readWindow(problems, map);
  const sum = map.entries.get("sum")?.value;
  const incrementFrom = sum ? readAmountPath(problems, sum) : null;
  const split = readSplit(problems, map);
  if (!max || !window || !split || (sum && !incrementFrom)) return null;
  const counting = { at: node.pointer, form: "limit", counter: shortCounter(name), window, ...split } as const;
  return { ...counting, increment: decimalOf(1), incrementFrom, max };
}

function readState(problems: ProblemList, node: TreeNode): ReadCounting | null {
  const map = readMap(problems, node, stateKeys, "a counter: `{counter, window, increment_from}`");
  if (!map) return null;
  const counterNode = requireEntry(problems, map, "counter")?.value;
  const counter = counterNode ? readText(problems, counterNode, "the counter's name", nameMax) : null;
  if (counter !== null && counterNode && /^_(rate|limit)(_|\/|$)/.test(counter)) {
    problems.error(
      "reserved",
      counterNode,
      `\`${counter}\` is a name that the gateway gives itself`,
      "Choose another name.",
    );
  }
  const window = readWindow(problems, map);
  const [fixed, from] = [map.entries.get("increment"), map.entries.get("increment_from")];
  if (fixed && from) problems.error("exclusive", from.key, "`increment_from` beside `increment`: write one of them");
  const increment = fixed ? readIncrement(problems, fixed.value) : decimalOf(1);
  const incrementFrom = from ? readAmountPath(problems, from.value) : null;
  const split = readSplit(problems, map);
  if (counter === null || !window || !increment || !split || (from && !incrementFrom)) return null;
  return { at: node.pointer, form: "state", counter, window, increment, incrementFrom, max: null, ...split };
}

/** Whose calls share the counter, and which arguments split it; null when it is not clear. */
function readSplit(problems: ProblemList, map: TreeMap): Pick<Counting, "per" | "by"> | null {
  const perNode = map.entries.get("per")?.value;
  const per = perNode ? readWord(problems, perNode, counterPers) : "grant";
  const byNode = map.entries.get("by")?.value;
  const nodes = byNode ? readList(problems, byNode, "a list of arguments such as `[args.currency]`") : [];
  if (!per || !nodes) return null;
  if (byNode && nodes.length === 0) problems.error("empty", byNode, "Nothing splits the counter", "Remove `by`.");
  if (byNode && nodes.length > byMax) problems.error("length", byNode, `At most ${byMax} arguments split a counter`);
  const by: Path[] = [];
  for (const item of nodes) {
    const path = readArgument(problems, item, "A counter is split by single arguments: `args.<name>`");
    if (path && by.some((known) => known.text === path.text)) problems.warning("duplicate", item, "Named twice");
    else if (path) by.push(path);
  }
  return { per, by };
}

function readWindow(problems: ProblemList, map: TreeMap): Window | null {
  const entry = requireEntry(problems, map, "window", `One of ${windows.join(", ")}.`);
  return entry && readWord(problems, entry.value, windows);
}

function readIncrement(problems: ProblemList, node: TreeNode): Decimal | null {
  const increment = readNumber(problems, node, "the amount per call, a number");
  if (!increment || (!isNegative(increment) && increment.coefficient !== zero.coefficient)) return increment;
  problems.error("value", node, "An increment is greater than 0; a counter never goes down");
  return null;
}

function readAmountPath(problems: ProblemList, node: TreeNode): Path | null {
  return readArgument(problems, node, "An amount is read from one argument: `args.<name>`");
}

function readArgument(problems: ProblemList, node: TreeNode, message: string): Path | null {
  const path = readPath(problems, node);
  if (!path) return null;
  if (path.root === "args" && !path.steps.some((step) => step.kind === "each")) return path;
  problems.error("path", node, message);
  return null;
}

/** The counter's name of a `limit`, which has none of its own. */
export function shortCounter(rule: string): string {
  return `_limit/${rule}`;
}
