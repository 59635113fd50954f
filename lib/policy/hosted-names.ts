import { isDecimal, toText } from "@/lib/kernel/decimal";
import type { Condition, Leaf, Scalar } from "./document";
import { conditionItems } from "./document-node";
import type { Operator } from "./operators";

const nameMax = 80;

const opWords: Record<Operator, string> = {
  eq: "is",
  neq: "is not",
  in: "is one of",
  not_in: "is none of",
  lt: "is below",
  lte: "is at most",
  gt: "is above",
  gte: "is at least",
  regex: "matches",
  contains: "contains",
  not_contains: "does not contain",
  exists: "is given",
  starts_with: "begins with",
  ends_with: "ends with",
  glob: "matches",
};

/** A short name for a rule from what it compares: `amount is at most 50000`, `currency is one of usd, eur and 1 more`. */
export function nameOfCondition(condition: Condition): string {
  const [first, ...others] = conditionItems(condition);
  const more = others.length > 0 ? ` and ${others.length} more` : "";
  return `${first ? clip(wordsOf(first)) : "rule"}${more}`;
}

function clip(text: string): string {
  const line = text.replace(/\s+/g, " ");
  const points = [...line];
  return points.length <= nameMax ? line : `${points.slice(0, nameMax - 1).join("")}…`;
}

function wordsOf(condition: Condition): string {
  switch (condition.kind) {
    case "leaf":
      return leafWords(condition);
    case "not":
      return `not: ${wordsOf(condition.item)}`;
    case "all":
    case "any":
      return condition.items.map(wordsOf).join(condition.kind === "all" ? " and " : " or ");
  }
}

function leafWords({ path, op, value }: Leaf): string {
  const subject = path.text.replace(/^args\./, "");
  if (op === "exists") return value === true ? `${subject} is given` : `${subject} is not given`;
  return `${subject} ${opWords[op]} ${valueWords(value)}`;
}

function valueWords(value: Leaf["value"]): string {
  if (!Array.isArray(value)) return scalarWords(value as Scalar);
  const values = (value as readonly Scalar[]).map(scalarWords);
  const shown = values.slice(0, 3).join(", ");
  return values.length > 3 ? `${shown} and ${values.length - 3} more` : shown;
}

function scalarWords(value: Scalar): string {
  return isDecimal(value) ? toText(value) : String(value);
}

/** `name`, or with a number behind it when the tool has a rule of that name already. */
export function uniqueName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  let count = 2;
  while (taken.has(`${name} ${count}`)) count += 1;
  return `${name} ${count}`;
}
