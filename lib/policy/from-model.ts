import { decimalOf, isDecimal } from "@/lib/kernel/decimal";
import type { Condition, CounterBound, Counting, PolicyDocument, Rule, ToolBlock } from "./document";
import type { CardBound, CardLimit, ConditionRow, PolicyModel, RuleCard, RuleNode, ToolNode } from "./model";
import { counterScope, parsePath } from "./path";
import type { Path } from "./path";
import { shortCounter } from "./read-limit";

/**
 * Model → document; the inverse of `toModel`. Total: what a person typed is taken over as it is, also a path that is none
 * yet, so that the check of the written text can say what is wrong with it and where.
 */
export function toDocument(model: PolicyModel): PolicyDocument {
  const { description, approvals } = model;
  return {
    version: "1",
    description,
    default: model.default,
    defaultGiven: model.defaultGiven,
    hide: model.hide.map((pattern, index) => ({ at: `/hide/${index}`, pattern })),
    tools: model.tools.filter((tool) => tool.listed).map(toBlock),
    methods: model.locked.methods,
    approvals,
    tests: model.locked.tests,
  };
}

function toBlock(tool: ToolNode): ToolBlock {
  return { at: tool.at, name: tool.name, rules: tool.rules.map((rule) => toRule(tool.name, rule)) };
}

/** One node as the rule that it stands for, in the block of this name. */
export function toRule(tool: string, node: RuleNode): Rule {
  if (node.kind === "locked") return node.rule;
  const rows = node.conditions.map(toCondition);
  const limit = node.limit && toCounting(tool, node, node.limit);
  const typed = rows.flatMap((condition) => boundOf(condition) ?? []);
  return {
    at: node.at,
    name: node.name,
    description: node.description,
    action: node.kind === "deny_if" ? "deny" : node.kind === "hold_if" ? "require_approval" : "evaluate",
    mode: node.mode,
    when: joined(node.when.map(toCondition)),
    conditions: joined(rows.filter((condition) => boundOf(condition) === null)),
    bounds: [...(limit?.bounds ?? []), ...typed],
    counting: limit?.counting ?? null,
    approval: node.approval,
    onDeny: node.message,
  };
}

/** A row that was typed as a bound on a counter is one. */
function boundOf(condition: Condition): CounterBound | null {
  if (condition.kind !== "leaf" || condition.path.root !== "state") return null;
  const { at, op, value, path } = condition;
  const [tool, counter] = path.steps.map((step) => (step.kind === "key" ? step.key : ""));
  if ((op !== "lte" && op !== "lt") || !isDecimal(value) || tool === undefined || counter === undefined) return null;
  return { at, tool, counter, max: value, inclusive: op === "lte" };
}

/** As the reader joins a list: one member stands for itself. */
function joined(items: readonly Condition[]): Condition | null {
  return items.length > 1 ? { kind: "all", items } : (items[0] ?? null);
}

function toCondition(row: ConditionRow): Condition {
  switch (row.kind) {
    case "leaf": {
      const { at, op, value, ifAbsent } = row;
      return { kind: "leaf", at, path: toPath(row.path), op, value, ifAbsent };
    }
    case "all":
    case "any":
      return { kind: row.kind, items: row.rows.map(toCondition) };
    case "not":
      return { kind: "not", item: toCondition(row.row) };
  }
}

/** A text that is no path stays a text: writing it lets the check report it. */
function toPath(text: string): Path {
  const read = parsePath(text);
  return read.ok ? read.path : { text, root: "args", steps: [] };
}

function toCounting(
  tool: string,
  card: RuleCard,
  limit: CardLimit,
): { counting: Counting; bounds: readonly CounterBound[] } {
  const form = formOf(limit);
  const counter = counterOf(card, limit, form);
  const { at, window, per, onUnknown, onToolError } = limit;
  const incrementFrom = limit.sum === null ? null : toPath(limit.sum);
  const increment = incrementFrom || form !== "state" ? decimalOf(1) : limit.increment;
  const by = limit.by.map(toPath);
  const bound = ({ at: place, max, inclusive }: CardBound): CounterBound => ({
    at: place,
    tool: counterScope(tool),
    counter,
    max,
    inclusive,
  });
  const counting = { at, form, counter, window, increment, incrementFrom, per, by, onUnknown, onToolError };
  return { counting, bounds: limit.bounds.map(bound) };
}

/** `rate_limit` says a whole number of calls and nothing else; a card that says more is written as `limit`. */
function formOf({ form, sum, per, by, bounds }: CardLimit): Counting["form"] {
  if (form !== "rate_limit") return form;
  const fits = bounds.every(({ max }) => max.int >= 0 && max.int < 1e15);
  return sum === null && per === "grant" && by.length === 0 && fits ? "rate_limit" : "limit";
}

function counterOf(card: RuleCard, limit: CardLimit, form: Counting["form"]): string {
  if (form === "state") return limit.counter ?? "";
  return form === "limit"
    ? shortCounter(card.name)
    : `_rate_${limit.window}${card.when.length > 0 ? `/${card.name}` : ""}`;
}
