import type { CanonicalValue } from "@/lib/audit/canonical";
import { isDecimal, toText } from "@/lib/kernel/decimal";

/** A value as indented JSON, members in their own order, numbers exact. */
export function jsonText(value: CanonicalValue, column = 0): string {
  if (value === null || typeof value !== "object")
    return typeof value === "string" ? JSON.stringify(value) : String(value);
  if (isDecimal(value)) return toText(value);
  const inner = column + 2;
  if (isList(value))
    return block(
      "[]",
      column,
      value.map((item) => jsonText(item, inner)),
    );
  const members = value instanceof Map ? [...(value as ReadonlyMap<string, CanonicalValue>)] : Object.entries(value);
  const lines = members.map(
    ([name, member]) => `${JSON.stringify(name)}: ${jsonText(member as CanonicalValue, inner)}`,
  );
  return block("{}", column, lines);
}

function isList(value: object): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}

function block(brackets: "[]" | "{}", column: number, lines: readonly string[]): string {
  if (lines.length === 0) return brackets;
  const pad = `\n${" ".repeat(column + 2)}`;
  return `${brackets.slice(0, 1)}${pad}${lines.join(`,${pad}`)}\n${" ".repeat(column)}${brackets.slice(1)}`;
}
