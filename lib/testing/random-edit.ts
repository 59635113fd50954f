import type { ConditionRow, PolicyModel, RuleCard, RuleNode, ToolNode } from "@/lib/policy/model";
import {
  addRule,
  addTool,
  emptyCard,
  moveRule,
  removeRule,
  removeTool,
  renameTool,
  replaceRule,
  setApprovals,
  setDefault,
  setDescription,
  setHide,
  setToolState,
} from "@/lib/policy/model-edits";
import type { Tape } from "./random-tape";

/** One visual edit, and the rule that it is confined to. */
export interface RandomEdit {
  readonly model: PolicyModel;
  /** Whether something may go: then comments may go with it. */
  readonly removes: boolean;
  /** The tool and place of the one rule that changes; null when the edit is of another kind. */
  readonly rule: { readonly tool: string; readonly index: number } | null;
}

const ask = { timeoutMs: 60_000, approvers: null, quorum: 2, reasonRequired: null };

/** A row that asks for an argument. */
export function existsRow(path: string): ConditionRow {
  return { kind: "leaf", at: "", path, op: "exists", value: true, ifAbsent: "restrict" };
}

/** One edit of those that the visual editor knows, of any part of the model. */
export function randomEdit(model: PolicyModel, tape: Tape): RandomEdit {
  const listed = model.tools.filter((tool) => tool.listed);
  const [first, ...others] = listed;
  const whole = (changed: PolicyModel, removes = false): RandomEdit => ({ model: changed, removes, rule: null });
  const kind = tape.below(16);
  if (!first || kind === 0) return whole(setDescription(model, tape.once(2) ? null : "another: text"), true);
  const tool: ToolNode = tape.pick([first, ...others]);
  const index = tape.below(Math.max(tool.rules.length, 1));
  const rule: RuleNode | undefined = tool.rules[index];
  const card: RuleCard = { ...emptyCard(tool.name, "require a reason"), conditions: [existsRow("args.reason")] };
  if (kind === 1) return whole(setDefault(model, tape.pick(["allow", "deny", null])), true);
  if (kind === 2) return whole(setHide(model, tape.once(2) ? model.hide.slice(1) : [...model.hide, "new_name"]), true);
  if (kind === 3) return whole(addTool(model, "a new: tool"));
  if (kind === 4) return whole(removeTool(model, tool.name), true);
  if (kind === 5) return whole(renameTool(model, tool.name, "renamed"));
  if (kind === 6) return whole(setToolState(model, tool.name, tape.pick(["allow", "deny", "hide", "custom"])), true);
  if (kind === 7) return whole(setApprovals(model, tape.once(3) ? null : ask), true);
  if (kind === 8 || !rule) return whole(addRule(model, tool.name, card, tape.below(tool.rules.length + 1)));
  if (kind === 9) return whole(removeRule(model, tool.name, rule.name), true);
  if (kind === 10) return whole(moveRule(model, tool.name, rule.name, tape.below(tool.rules.length)));
  if (rule.kind === "locked") return whole(model);
  const [changed, removes] = randomChange(rule, tape);
  return { model: replaceRule(model, tool.name, rule.name, changed), removes, rule: { tool: tool.name, index } };
}

function randomChange(rule: RuleCard, tape: Tape): [card: RuleCard, removes: boolean] {
  const kind = tape.below(7);
  if (kind === 0) return [{ ...rule, message: "say: this" }, false];
  if (kind === 1) return [{ ...rule, message: null }, true];
  if (kind === 2) return [{ ...rule, mode: tape.pick(["shadow", "off"]) }, false];
  if (kind === 3) return [{ ...rule, name: "renamed: rule" }, false];
  if (kind === 4) return [{ ...rule, when: [...rule.when, existsRow("args.more")] }, false];
  if (kind === 5 && (rule.kind === "require" || rule.kind === "counter")) {
    return [
      { ...rule, conditions: [existsRow("args.first"), ...rule.conditions.slice(1), existsRow("args.last")] },
      true,
    ];
  }
  return [{ ...rule, description: "two\nlines", approval: rule.kind === "hold_if" ? ask : null }, true];
}
