import { decimalOf, isNegative, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { windows } from "@/lib/quota/window";
import type { Window } from "@/lib/quota/window";
import type { CounterBound, Counting, Rule } from "./document";
import { nearest } from "./nearest";
import { counterScope } from "./path";
import type { Path } from "./path";
import type { ProblemList } from "./problems";
import { readConditions, readPath } from "./read-condition";
import type { ReadConditions } from "./read-condition";
import { readMap, readNumber, readText, readWord, requireEntry, unsupported } from "./shape";
import type { TreeEntry, TreeMap, TreeNode } from "./yaml-tree";

const ruleKeys = {
  now: [
    "name",
    "action",
    "when",
    "conditions",
    "on_deny",
    "rate_limit",
    "limit",
    "state",
    "on_unknown",
    "on_tool_error",
    "mode",
    "description",
  ],
  later: ["approval", "approval_timeout"],
};
const stateKeys = { now: ["counter", "window", "increment", "increment_from"], later: ["per", "by"] };
const limitKeys = { now: ["sum", "max", "window", "per"], later: ["by"] };
const counterKinds = ["rate_limit", "limit", "state"] as const;

const nameMax = 128;
const textMax = 2000;

/** What stands in one rule before it is put together. */
interface Limit {
  readonly counting: Counting;
  readonly bound: CounterBound | null;
}

const nothing: ReadConditions = { condition: null, bounds: [] };

/** Reads one rule of the block `tool`; null when it has no usable name or action. */
export function readRule(problems: ProblemList, node: TreeNode, tool: string): Rule | null {
  const map = readMap(problems, node, ruleKeys, "a rule: a map with a `name`");
  if (!map) return null;
  const nameNode = requireEntry(problems, map, "name", "Every rule has a name; the log shows it.")?.value;
  const name = nameNode ? readText(problems, nameNode, "a name", nameMax) : null;
  const action = readAction(problems, map);
  readMode(problems, map);
  const whenNode = map.entries.get("when")?.value;
  const when = whenNode ? readConditions(problems, whenNode, "refused").condition : null;
  const conditionsNode = map.entries.get("conditions")?.value;
  const conditions = conditionsNode ? readConditions(problems, conditionsNode, "allowed") : nothing;
  const limit = readLimit(problems, map, tool, name ?? "", when !== null);
  checkTogether(problems, map, action);
  const texts = readTexts(problems, map);
  if (name === null || action === null) return null;
  return {
    at: map.pointer,
    name,
    action,
    when,
    conditions: conditions.condition,
    bounds: limit?.bound ? [...conditions.bounds, limit.bound] : conditions.bounds,
    counting: limit?.counting ?? null,
    ...texts,
  };
}

function readTexts(problems: ProblemList, map: TreeMap): Pick<Rule, "description" | "onDeny"> {
  const text = (key: string): string | null => {
    const entry = map.entries.get(key);
    return entry ? readText(problems, entry.value, "a text", textMax) : null;
  };
  return { description: text("description"), onDeny: text("on_deny") };
}

function readAction(problems: ProblemList, map: TreeMap): Rule["action"] | null {
  const entry = map.entries.get("action");
  if (!entry) return "evaluate";
  const action = readWord(problems, entry.value, ["evaluate", "deny", "require_approval"]);
  if (action !== "require_approval") return action;
  unsupported(problems, entry.value, "`action: require_approval`");
  return null;
}

function readMode(problems: ProblemList, map: TreeMap): void {
  const entry = map.entries.get("mode");
  const mode = entry ? readWord(problems, entry.value, ["enforce", "shadow", "off"]) : null;
  if (entry && mode !== null && mode !== "enforce") unsupported(problems, entry.value, `\`mode: ${mode}\``);
}

/** Which keys may stand beside which (docs/policy-language.md, "A rule"). */
function checkTogether(problems: ProblemList, map: TreeMap, action: Rule["action"] | null): void {
  const { entries } = map;
  const [kind, other] = counterKinds.filter((key) => entries.has(key));
  const conditions = entries.get("conditions");
  const refuse = (entry: TreeEntry, message: string, hint?: string) =>
    problems.error("exclusive", entry.key, message, hint);
  const second = other && entries.get(other);
  if (second) refuse(second, `\`${other}\` beside \`${kind}\`: a rule counts one thing`, "Write two rules.");
  if (conditions && action === "deny") {
    refuse(
      conditions,
      "`conditions` say what must be true, so they do not go with `action: deny`",
      "To deny some calls only, use `when`.",
    );
  }
  if (conditions && (entries.has("rate_limit") || entries.has("limit"))) {
    refuse(
      conditions,
      `\`conditions\` do not go with \`${kind}\``,
      "To count some calls only, use `when`; to check arguments, write another rule.",
    );
  }
  const limit = kind && entries.get(kind);
  if (limit && action === "deny")
    refuse(limit, `\`${kind}\` does not go with \`action: deny\`: nothing is left to count`);
  for (const key of ["on_unknown", "on_tool_error"]) {
    const entry = entries.get(key);
    if (entry && !kind) refuse(entry, `\`${key}\` speaks about a limit, and this rule has none`);
  }
  if (action === "evaluate" && !conditions && !kind) {
    problems.error(
      "empty",
      map,
      "The rule has neither `conditions` nor a limit, so it says nothing",
      "To block calls, write `action: deny`.",
    );
  }
}

function readLimit(problems: ProblemList, map: TreeMap, tool: string, name: string, guarded: boolean): Limit | null {
  const settle = readSettlement(problems, map);
  const [rate, limit, state] = counterKinds.map((key) => map.entries.get(key)?.value);
  const read = rate
    ? readRate(problems, rate, guarded ? `/${name}` : "")
    : limit
      ? readShortLimit(problems, limit, name)
      : state && readState(problems, state);
  if (!read) return null;
  const { max, ...counting } = read;
  const { onUnknown = counting.incrementFrom ? "hold" : "release", onToolError = "void" } = settle;
  const bound = max && { at: counting.at, tool: counterScope(tool), counter: counting.counter, max, inclusive: true };
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
  return { at: node.pointer, counter: `_rate_${window}${suffix}`, window, increment, incrementFrom: null, max };
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
  const per = map.entries.get("per")?.value;
  const scope = per && readWord(problems, per, ["grant", "policy", "server", "org"]);
  if (per && scope && scope !== "grant") unsupported(problems, per, `\`per: ${scope}\``);
  if (!max || !window || (sum && !incrementFrom)) return null;
  return { at: node.pointer, counter: `_limit/${name}`, window, increment: decimalOf(1), incrementFrom, max };
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
  if (counter === null || !window || !increment || (from && !incrementFrom)) return null;
  return { at: node.pointer, counter, window, increment, incrementFrom, max: null };
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
  const path = readPath(problems, node);
  if (!path) return null;
  if (path.root === "args" && !path.steps.some((step) => step.kind === "each")) return path;
  problems.error("path", node, "An amount is read from one argument: `args.<name>`");
  return null;
}
