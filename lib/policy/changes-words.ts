import { isDecimal, toText } from "@/lib/kernel/decimal";
import type { ApprovalWords, Condition, Scalar } from "./document";
import { conditionItems } from "./document-node";
import { durationText } from "./duration";

const nameMax = 60;
const shownMax = 5;

/** A name as it stands in a sentence: one line, not too long. */
export function quote(name: string): string {
  const points = [...name.replace(/\s+/g, " ")];
  const short = points.length > nameMax ? `${points.slice(0, nameMax - 1).join("")}…` : points.join("");
  return /^[^\s"',;:]+$/.test(short) ? short : `"${short.replaceAll('"', "'")}"`;
}

/** `1 rule`, `2 rules`. */
export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** The first names, and how many more there are. */
export function listWords(names: readonly string[]): string {
  const shown = names.slice(0, shownMax).map(bare);
  const rest = names.length - shown.length;
  return shown.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

/** A name at the end of a sentence needs no quotes unless it would read as several. */
function bare(name: string): string {
  const quoted = quote(name);
  return /^"[^",;:]+"$/.test(quoted) ? quoted.slice(1, -1) : quoted;
}

/** What is said of approvals, in words; `as usual` when nothing is. */
export function approvalWords(words: ApprovalWords | null): string {
  if (!words) return "as usual";
  const { timeoutMs, approvers, quorum, reasonRequired } = words;
  const parts = [
    ...(timeoutMs === null ? [] : [`${durationText(timeoutMs)} to decide`]),
    ...(approvers === null ? [] : [`decided by ${listWords(approvers)}`]),
    ...(quorum === null ? [] : [`${quorum} must agree`]),
    ...(reasonRequired === null ? [] : [reasonRequired ? "with a reason" : "no reason needed"]),
  ];
  return parts.length > 0 ? parts.join(", ") : "as usual";
}

/** Conditions as one line: `args.amount lte 5 and (args.a eq x or not args.b exists true)`. */
export function conditionWords(condition: Condition | null): string {
  if (condition === null) return "always";
  return clip(conditionItems(condition).map(words).join(" and "));
}

function clip(text: string): string {
  const points = [...text];
  return points.length > 200 ? `${points.slice(0, 199).join("")}…` : text;
}

function words(condition: Condition): string {
  switch (condition.kind) {
    case "leaf": {
      const { path, op, value, ifAbsent } = condition;
      const values = Array.isArray(value)
        ? listWords((value as readonly Scalar[]).map(scalarWords))
        : scalarWords(value as Scalar);
      return `${path.text} ${op} ${values}${ifAbsent === "skip" ? " (if given)" : ""}`;
    }
    case "not":
      return `not ${words(condition.item)}`;
    case "all":
    case "any":
      return `(${condition.items.map(words).join(condition.kind === "all" ? " and " : " or ")})`;
  }
}

function scalarWords(value: Scalar): string {
  return isDecimal(value) ? toText(value) : typeof value === "string" ? bare(value) : String(value);
}
