import { ruleActions, ruleModes } from "./document";
import type { ApprovalWords, Condition, Rule, RuleAction } from "./document";
import type { ProblemList } from "./problems";
import { readApproval, readDuration } from "./read-approval";
import { readConditions } from "./read-condition";
import type { ReadConditions } from "./read-condition";
import { counterKinds, readLimit } from "./read-limit";
import { readMap, readText, readWord, requireEntry } from "./shape";
import type { TreeEntry, TreeMap, TreeNode } from "./yaml-tree";

export const ruleKeys = [
  "name",
  "action",
  "when",
  "conditions",
  "on_deny",
  "rate_limit",
  "limit",
  "state",
  "approval",
  "approval_timeout",
  "on_unknown",
  "on_tool_error",
  "mode",
  "description",
];

const nameMax = 128;
const textMax = 2000;

const nothing: ReadConditions = { condition: null, bounds: [] };

/** Reads one rule of the block `tool`; null when it has no usable name or action. */
export function readRule(problems: ProblemList, node: TreeNode, tool: string): Rule | null {
  const map = readMap(problems, node, ruleKeys, "a rule: a map with a `name`");
  if (!map) return null;
  const { entries } = map;
  const nameNode = requireEntry(problems, map, "name", "Every rule has a name; the log shows it.")?.value;
  const name = nameNode ? readText(problems, nameNode, "a name", nameMax) : null;
  const action = readChoice(problems, map, "action", ruleActions, "evaluate");
  const mode = readChoice(problems, map, "mode", ruleModes, "enforce");
  const guard = readGuard(problems, map, action);
  const conditionsNode = action === "require_approval" ? undefined : entries.get("conditions")?.value;
  const conditions = conditionsNode ? readConditions(problems, conditionsNode, "allowed") : nothing;
  const limit = readLimit(problems, map, { tool, name: name ?? "", guarded: guard !== null });
  const approval = readTerms(problems, map, action);
  checkTogether(problems, map, action);
  const texts = readTexts(problems, map);
  if (name === null || action === null || mode === null) return null;
  return {
    at: map.pointer,
    name,
    action,
    mode,
    when: guard,
    conditions: conditions.condition,
    bounds: limit?.bound ? [...conditions.bounds, limit.bound] : conditions.bounds,
    counting: limit?.counting ?? null,
    approval,
    ...texts,
  };
}

/** `when`, or on `require_approval` also `conditions`, which there say the same. */
function readGuard(problems: ProblemList, map: TreeMap, action: RuleAction | null): Condition | null {
  const when = map.entries.get("when");
  const other = action === "require_approval" ? map.entries.get("conditions") : undefined;
  if (when && other) {
    const message = "`conditions` beside `when`: on `require_approval` both say which calls are held";
    problems.error("exclusive", other.key, message, "Join them under `when`.");
  }
  const parts = [when, other].filter((entry) => entry !== undefined);
  const read = parts.map((entry) => readConditions(problems, entry.value, "refused").condition);
  return read.find((condition) => condition !== null) ?? null;
}

function readTerms(problems: ProblemList, map: TreeMap, action: RuleAction | null): ApprovalWords | null {
  const [terms, timeout] = [map.entries.get("approval"), map.entries.get("approval_timeout")];
  for (const entry of [terms, timeout]) {
    if (!entry || action === "require_approval" || action === null) continue;
    problems.error("exclusive", entry.key, "Only a rule with `action: require_approval` waits for a person");
  }
  const words = terms ? readApproval(problems, terms.value) : null;
  const timeoutMs = timeout ? readDuration(problems, timeout.value) : null;
  if (!timeout) return words;
  if (words && words.timeoutMs !== null) {
    problems.error("exclusive", timeout.key, "`approval_timeout` beside `approval.timeout`: write one of them");
  }
  return { approvers: null, quorum: null, reasonRequired: null, ...words, timeoutMs };
}

function readTexts(problems: ProblemList, map: TreeMap): Pick<Rule, "description" | "onDeny"> {
  const text = (key: string): string | null => {
    const entry = map.entries.get(key);
    return entry ? readText(problems, entry.value, "a text", textMax) : null;
  };
  return { description: text("description"), onDeny: text("on_deny") };
}

function readChoice<T extends string>(
  problems: ProblemList,
  map: TreeMap,
  key: string,
  words: readonly T[],
  omitted: T,
): T | null {
  const entry = map.entries.get(key);
  return entry ? readWord(problems, entry.value, words) : omitted;
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
  if (limit && action === "require_approval")
    refuse(limit, `\`${kind}\` does not go with \`action: require_approval\``, "Write two rules.");
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
