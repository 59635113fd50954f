import type { ApprovalWords, Rule } from "./document";
import { ruleNode } from "./document-node";
import type { PolicyModel, RuleCard, RuleNode, ToolNode, ToolState } from "./model";
import { counterScope } from "./path";
import { hiddenTool, ruleId, stateOf, toolId } from "./to-model";
import { blockText } from "./yaml-text";

// Edits of the model: each gives a new model and leaves the old one alone. Ids stay what they were in the text, so that
// `editPolicy` knows a renamed rule or tool again.

/** States follow from `hide` and the rules; a tool that neither lists nor hides anything is gone. */
function settled(model: PolicyModel): PolicyModel {
  const listed = model.tools.filter((tool) => tool.listed);
  const tools = listed.map((tool) => ({ ...tool, state: stateOf(tool.name, tool.rules, model.hide) }));
  const hidden = model.hide.filter((name) => !listed.some((tool) => tool.name === name));
  return { ...model, tools: [...tools, ...hidden.map((name) => hiddenTool(name))] };
}

function changeTool(model: PolicyModel, name: string, change: (tool: ToolNode) => ToolNode): PolicyModel {
  return settled({
    ...model,
    tools: model.tools.map((tool) => (tool.listed && tool.name === name ? change(tool) : tool)),
  });
}

/** Lists a tool with no rules at the end of the blocks; one that is listed already stays as it is. */
export function addTool(model: PolicyModel, name: string): PolicyModel {
  if (model.tools.some((tool) => tool.listed && tool.name === name)) return model;
  const tool: ToolNode = { id: toolId(name), name, state: "allow", listed: true, rules: [], at: "" };
  return settled({ ...model, tools: [...model.tools.filter((known) => known.listed), tool] });
}

/** Takes a tool out of `tools` and of `hide`; its rules go with it. */
export function removeTool(model: PolicyModel, name: string): PolicyModel {
  const hide = model.hide.filter((pattern) => pattern !== name);
  return settled({ ...model, hide, tools: model.tools.filter((tool) => tool.name !== name) });
}

/** Renames a block, its entry in `hide`, and every reference to its counters; tests keep the name that they call. */
export function renameTool(model: PolicyModel, from: string, to: string): PolicyModel {
  const scopes = { from: counterScope(from), to: counterScope(to) };
  const tools = model.tools.map((tool): ToolNode => {
    const rules = tool.rules.map((rule) => withScope(rule, scopes));
    return { ...tool, rules, name: tool.name === from ? to : tool.name };
  });
  return settled({ ...model, hide: model.hide.map((pattern) => (pattern === from ? to : pattern)), tools });
}

/** Cards name only counters of their own, which follow their block; locked rules may refer to others. */
function withScope(node: RuleNode, { from, to }: { from: string; to: string }): RuleNode {
  if (node.kind !== "locked" || !node.rule.bounds.some((bound) => bound.tool === from)) return node;
  const bounds = node.rule.bounds.map((bound) => (bound.tool === from ? { ...bound, tool: to } : bound));
  const rule: Rule = { ...node.rule, bounds };
  return { ...node, rule, text: blockText(ruleNode(rule), 0) };
}

/**
 * Sets one of the four states. Allow, Deny and Hide replace the rules that the tool had; Custom shows it again and keeps
 * them, and is what a tool becomes by the rules that are added then.
 */
export function setToolState(model: PolicyModel, name: string, state: ToolState): PolicyModel {
  const shown = { ...model, hide: model.hide.filter((pattern) => pattern !== name) };
  switch (state) {
    case "hide": {
      const tools = model.tools.filter((tool) => tool.name !== name);
      return settled({ ...model, hide: model.hide.includes(name) ? model.hide : [...model.hide, name], tools });
    }
    case "allow":
      return changeTool(addTool(shown, name), name, (tool) => ({ ...tool, rules: [] }));
    case "deny":
      return changeTool(addTool(shown, name), name, (tool) =>
        stateOf(name, tool.rules, []) === "deny" ? tool : { ...tool, rules: [denyCard(name)] },
      );
    case "custom":
      return settled(addTool(shown, name));
  }
}

function denyCard(tool: string): RuleCard {
  return { ...emptyCard(tool, "denied"), kind: "deny_if" };
}

/** A `require` card without rows, to be filled in. */
export function emptyCard(tool: string, name: string): RuleCard {
  const nothing = { description: null, message: null, when: [], conditions: [], limit: null, approval: null };
  return { kind: "require", id: ruleId(tool, name), at: "", name, mode: "enforce", ...nothing };
}

/** Puts a rule in at `index`, at the end when none is given. */
export function addRule(model: PolicyModel, tool: string, rule: RuleNode, index?: number): PolicyModel {
  return changeTool(model, tool, (node) => {
    const rules = [...node.rules];
    rules.splice(index ?? rules.length, 0, rule);
    return { ...node, rules };
  });
}

export function removeRule(model: PolicyModel, tool: string, name: string): PolicyModel {
  return changeTool(model, tool, (node) => ({ ...node, rules: node.rules.filter((rule) => rule.name !== name) }));
}

/** Puts a card in the place of the rule `name`, which may get another name by it. Locked rules stay as they are. */
export function replaceRule(model: PolicyModel, tool: string, name: string, card: RuleCard): PolicyModel {
  const change = (rule: RuleNode): RuleNode =>
    rule.name === name && rule.kind !== "locked" ? { ...card, id: rule.id, at: rule.at } : rule;
  return changeTool(model, tool, (node) => ({ ...node, rules: node.rules.map(change) }));
}

/** Moves a rule to `index` among the rules of its tool; order only decides which denial is reported. */
export function moveRule(model: PolicyModel, tool: string, name: string, index: number): PolicyModel {
  return changeTool(model, tool, (node) => {
    const moved = node.rules.filter((rule) => rule.name === name);
    const rules = node.rules.filter((rule) => rule.name !== name);
    rules.splice(index, 0, ...moved);
    return { ...node, rules };
  });
}

/** Sets `default`; null leaves it out, which means `deny`. */
export function setDefault(model: PolicyModel, word: "deny" | "allow" | null): PolicyModel {
  return { ...model, default: word ?? "deny", defaultGiven: word !== null };
}

export function setHide(model: PolicyModel, hide: readonly string[]): PolicyModel {
  return settled({ ...model, hide });
}

export function setDescription(model: PolicyModel, description: string | null): PolicyModel {
  return { ...model, description };
}

export function setApprovals(model: PolicyModel, approvals: ApprovalWords | null): PolicyModel {
  return { ...model, approvals };
}
