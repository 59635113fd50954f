import { roles } from "@/lib/kernel/ctx";
import { isUuid } from "@/lib/kernel/ids";
import type { ApprovalWords } from "./document";
import { parseDuration } from "./duration";
import { nearest } from "./nearest";
import type { ProblemList } from "./problems";
import { readBoolean, readList, readMap, readNumber, readText } from "./shape";
import type { TreeMap, TreeNode } from "./yaml-tree";

export const approvalKeys = ["timeout", "approvers", "quorum", "reason_required"];

const approversMax = 50;
const quorumMax = 20;

/** What a rule or a document says of approvals: `{timeout, approvers, quorum, reason_required}`, each optional. */
export function readApproval(problems: ProblemList, node: TreeNode): ApprovalWords | null {
  const map = readMap(problems, node, approvalKeys, "a map: `{timeout, approvers, quorum}`");
  if (!map) return null;
  const timeout = map.entries.get("timeout")?.value;
  const approvers = map.entries.get("approvers")?.value;
  const reason = map.entries.get("reason_required")?.value;
  const words = {
    timeoutMs: timeout ? readDuration(problems, timeout) : null,
    approvers: approvers ? readApprovers(problems, approvers) : null,
    quorum: readQuorum(problems, map),
    reasonRequired: reason ? readBoolean(problems, reason) : null,
  };
  checkQuorum(problems, map, words);
  return words;
}

/** `30m`, in milliseconds. */
export function readDuration(problems: ProblemList, node: TreeNode): number | null {
  const text = readText(problems, node, "a duration such as `30m`", 20);
  if (text === null) return null;
  const ms = parseDuration(text);
  if (ms === null) {
    problems.error(
      "value",
      node,
      `\`${text}\` is not a duration from 10s to 7d`,
      "Write it like `90s`, `30m`, `8h` or `2d`.",
    );
  }
  return ms;
}

function readApprovers(problems: ProblemList, node: TreeNode): readonly string[] | null {
  const nodes = readList(problems, node, "a list of roles or member ids");
  if (!nodes) return null;
  if (nodes.length === 0)
    problems.error("empty", node, "Nobody could approve", "Name a role, for example `policy_manager`.");
  if (nodes.length > approversMax) problems.error("length", node, `At most ${approversMax} approvers`);
  const found: string[] = [];
  for (const item of nodes) {
    const name = readText(problems, item, "a role or the id of a member", 64);
    if (name === null) continue;
    if (!isApprover(name)) reportApprover(problems, item, name);
    else if (found.includes(name)) problems.warning("duplicate", item, `\`${name}\` is named twice`);
    else found.push(name);
  }
  return found;
}

function isApprover(name: string): boolean {
  return roles.some((role) => role === name) || isUuid(name);
}

function reportApprover(problems: ProblemList, node: TreeNode, name: string): void {
  const close = nearest(name, roles);
  const hint = close ? `Did you mean \`${close}\`?` : `Roles: ${roles.join(", ")}; people by their member id.`;
  problems.error("value", node, `\`${name}\` is neither a role nor the id of a member`, hint);
}

function readQuorum(problems: ProblemList, map: TreeMap): number | null {
  const node = map.entries.get("quorum")?.value;
  const count = node ? readNumber(problems, node, "how many must approve, a number") : null;
  if (!node || !count) return null;
  if (Number.isInteger(count.int) && count.int >= 1 && count.int <= quorumMax) return count.int;
  problems.error("value", node, `A quorum is a whole number from 1 to ${quorumMax}`);
  return null;
}

/** Named people are a fixed number; a role may grow. */
function checkQuorum(problems: ProblemList, map: TreeMap, words: ApprovalWords): void {
  const entry = map.entries.get("quorum");
  if (!entry || words.quorum === null || words.approvers === null || words.approvers.length === 0) return;
  if (words.approvers.some((name) => !isUuid(name)) || words.quorum <= words.approvers.length) return;
  const message = `${words.quorum} must approve, but only ${words.approvers.length} may`;
  problems.error("value", entry.value, message, "Lower the quorum or name more people.");
}
