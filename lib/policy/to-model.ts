import type { Condition, Counting, PolicyDocument, Rule, ToolBlock } from "./document";
import { conditionItems, isSameRule, ruleNode } from "./document-node";
import { toRule } from "./from-model";
import { groupDepthMax } from "./model";
import type {
  CardKind,
  CardLimit,
  ConditionRow,
  LockReason,
  PolicyModel,
  RuleCard,
  RuleNode,
  ToolNode,
  ToolState,
} from "./model";
import { counterScope, pointerToken } from "./path";
import { blockText } from "./yaml-text";

/**
 * Document → model. Nothing is lost: `toDocument` gives an equal document back, because a rule that no card can say is
 * kept whole as a locked block.
 */
export function toModel(document: PolicyDocument): PolicyModel {
  const hide = document.hide.map((line) => line.pattern);
  const shared = sharedCounters(document);
  const listed = document.tools.map((block) => toToolNode(block, hide, shared));
  const named = new Set(document.tools.map((block) => block.name));
  const hidden = document.hide.filter(({ pattern }) => !named.has(pattern));
  return {
    description: document.description,
    default: document.default,
    defaultGiven: document.defaultGiven,
    hide,
    tools: [...listed, ...hidden.map(({ at, pattern }) => hiddenTool(pattern, at))],
    approvals: document.approvals,
    locked: { methods: document.methods, tests: document.tests },
  };
}

/** The node of a name that only `hide` has. */
export function hiddenTool(name: string, at = ""): ToolNode {
  return { id: toolId(name), name, state: "hide", listed: false, rules: [], at };
}

export function toolId(name: string): string {
  return `/tools/${pointerToken(name)}`;
}

/** The id of a rule in decisions, logs and the model. */
export function ruleId(tool: string, rule: string): string {
  return `${toolId(tool)}/rules/${pointerToken(rule)}`;
}

function toToolNode(block: ToolBlock, hide: readonly string[], shared: ReadonlySet<string>): ToolNode {
  const rules = block.rules.map((rule) => toRuleNode(block.name, rule, shared));
  return {
    id: toolId(block.name),
    name: block.name,
    state: stateOf(block.name, rules, hide),
    listed: true,
    rules,
    at: block.at,
  };
}

/** The state of a block of this name with these rules. */
export function stateOf(name: string, rules: readonly RuleNode[], hide: readonly string[]): ToolState {
  if (hide.includes(name)) return "hide";
  if (rules.length === 0) return "allow";
  const [only] = rules;
  const denies = rules.length === 1 && only?.kind === "deny_if" && only.when.length === 0 && only.mode === "enforce";
  return denies ? "deny" : "custom";
}

const counterOf = (scope: string, counter: string): string => JSON.stringify([scope, counter]);

/** Counters that a rule bounds although another rule moves them: no single card could show them. */
function sharedCounters(document: PolicyDocument): ReadonlySet<string> {
  const shared = new Set<string>();
  for (const block of document.tools) {
    const scope = counterScope(block.name);
    for (const rule of block.rules) {
      for (const bound of rule.bounds) {
        const own = rule.counting?.counter === bound.counter && bound.tool === scope;
        if (!own) shared.add(counterOf(bound.tool, bound.counter));
      }
    }
  }
  return shared;
}

function toRuleNode(tool: string, rule: Rule, shared: ReadonlySet<string>): RuleNode {
  const card = toCard(tool, rule);
  const reason = lockReason(tool, rule, shared) ?? (isSameRule(toRule(tool, card), rule) ? null : "shape");
  if (reason === null) return card;
  const { name, at, mode } = rule;
  return { kind: "locked", id: card.id, at, name, mode, reason, rule, text: blockText(ruleNode(rule), 0) };
}

function lockReason(tool: string, rule: Rule, shared: ReadonlySet<string>): LockReason | null {
  const scope = counterScope(tool);
  const moves = rule.counting && shared.has(counterOf(scope, rule.counting.counter));
  if (moves || rule.bounds.some((bound) => shared.has(counterOf(bound.tool, bound.counter)))) return "shared_counter";
  const items = [rule.when, rule.conditions].flatMap(conditionItems);
  return items.some((item) => depthOf(item) > groupDepthMax) ? "nested" : null;
}

/** Groups around the innermost condition. */
function depthOf(condition: Condition): number {
  if (condition.kind === "leaf") return 0;
  const inner = condition.kind === "not" ? [condition.item] : condition.items;
  return 1 + Math.max(0, ...inner.map(depthOf));
}

function toCard(tool: string, rule: Rule): RuleCard {
  return {
    kind: kindOf(rule),
    id: ruleId(tool, rule.name),
    at: rule.at,
    name: rule.name,
    mode: rule.mode,
    description: rule.description,
    message: rule.onDeny,
    when: conditionItems(rule.when).map(toRow),
    conditions: conditionItems(rule.conditions).map(toRow),
    limit: rule.counting && toLimit(rule.counting, rule),
    approval: rule.approval,
  };
}

function kindOf({ action, counting }: Rule): CardKind {
  switch (action) {
    case "deny":
      return "deny_if";
    case "require_approval":
      return "hold_if";
    case "evaluate":
      if (counting === null) return "require";
      return counting.form === "state" ? "counter" : counting.incrementFrom ? "cap_sum" : "limit_calls";
  }
}

function toLimit(counting: Counting, rule: Rule): CardLimit {
  const { at, form, window, increment, per, onUnknown, onToolError } = counting;
  return {
    at,
    form,
    counter: form === "state" ? counting.counter : null,
    sum: counting.incrementFrom?.text ?? null,
    increment,
    bounds: rule.bounds.map(({ at: place, max, inclusive }) => ({ at: place, max, inclusive })),
    window,
    per,
    by: counting.by.map((path) => path.text),
    onUnknown,
    onToolError,
  };
}

function toRow(condition: Condition): ConditionRow {
  switch (condition.kind) {
    case "leaf": {
      const { at, path, op, value, ifAbsent } = condition;
      return { kind: "leaf", at, path: path.text, op, value, ifAbsent };
    }
    case "all":
    case "any":
      return { kind: condition.kind, rows: condition.items.map(toRow) };
    case "not":
      return { kind: "not", row: toRow(condition.item) };
  }
}
