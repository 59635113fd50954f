import { isDecimal, toText } from "@/lib/kernel/decimal";
import { toolCategories, toolRisks } from "@/lib/kernel/tool-class";
import type { Scalar } from "./document";
import { nearest } from "./nearest";
import type { Operator } from "./operators";
import type { Path } from "./path";
import type { ProblemList } from "./problems";
import { weekdays } from "./time-facts";
import type { TreeNode } from "./yaml-tree";

/** What a fact of ours can be; anything else in a condition would be a rule that never speaks, or always. */
type Fact =
  | { kind: "word"; words: readonly string[] }
  | { kind: "number"; most: number }
  | { kind: "date" }
  | { kind: "boolean" };

const facts: Readonly<Record<string, Fact>> = {
  "tool.category": { kind: "word", words: toolCategories },
  "tool.risk": { kind: "word", words: toolRisks },
  "time.weekday": { kind: "word", words: weekdays },
  "time.hour": { kind: "number", most: 23 },
  "time.minute": { kind: "number", most: 59 },
  "time.date": { kind: "date" },
};

function factOf(path: Path): Fact | undefined {
  const [first, second] = path.steps;
  if (first?.kind !== "key") return undefined;
  // Of what is known of a tool, only its annotations have a second step.
  if (path.root === "tool" && second) return { kind: "boolean" };
  const name = `${path.root}.${first.key}`;
  return Object.hasOwn(facts, name) ? facts[name] : undefined;
}

/** Reports a comparison of a fact that the gateway itself supplies with something that it can never be. */
export function checkFactValue(
  problems: ProblemList,
  node: TreeNode,
  leaf: { path: Path; op: Operator; value: Scalar | readonly Scalar[] },
): void {
  const fact = factOf(leaf.path);
  if (!fact) return;
  if (["lt", "lte", "gt", "gte"].includes(leaf.op) && fact.kind !== "number") {
    problems.error(
      "value",
      node,
      `\`${leaf.path.text}\` is no number, so \`${leaf.op}\` cannot judge it`,
      hintFor(fact),
    );
    return;
  }
  if (!["eq", "neq", "in", "not_in", "lt", "lte", "gt", "gte"].includes(leaf.op)) return;
  const values = Array.isArray(leaf.value) ? (leaf.value as readonly Scalar[]) : [leaf.value as Scalar];
  const bad = values.find((value) => !canBe(fact, value));
  if (bad === undefined) return;
  const shown = isDecimal(bad) ? toText(bad) : String(bad).slice(0, 80);
  problems.error("value", node, `\`${leaf.path.text}\` is never \`${shown}\``, hintFor(fact, bad));
}

function canBe(fact: Fact, value: Scalar): boolean {
  switch (fact.kind) {
    case "word":
      return typeof value === "string" && fact.words.includes(value);
    case "number":
      return isDecimal(value) && value.int >= 0 && value.int <= fact.most;
    case "date":
      return typeof value === "string" && isDate(value);
    case "boolean":
      return typeof value === "boolean";
  }
}

/** A day of the calendar: the leap day of 2024 is one, that of 2025 is not. */
function isDate(text: string): boolean {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return false;
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

function hintFor(fact: Fact, bad?: Scalar): string {
  switch (fact.kind) {
    case "word": {
      const close = typeof bad === "string" ? (begins(fact.words, bad) ?? nearest(bad, fact.words)) : null;
      return close ? `Did you mean \`${close}\`?` : `One of ${fact.words.join(", ")}.`;
    }
    case "number":
      return `A whole number from 0 to ${fact.most}, in UTC.`;
    case "date":
      return 'Write it like "2026-01-31", in quotes, and compare it with `eq`, `in` or `starts_with`.';
    case "boolean":
      return "A hint is `true` or `false`.";
  }
}

function begins(words: readonly string[], text: string): string | null {
  const start = text.toLowerCase();
  return start.length < 3 ? null : (words.find((word) => word.startsWith(start)) ?? null);
}
