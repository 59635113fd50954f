import { isDecimal, toText } from "@/lib/kernel/decimal";
import { readJson } from "@/lib/kernel/json";
import type { Value, ValueObject } from "@/lib/kernel/value";
import { definitionLimits, digested } from "./definition";

/** A stored definition as a value; null for a text that the strict reader refuses. */
export function readStored(definition: string): ValueObject | null {
  const read = readJson(new TextEncoder().encode(definition), definitionLimits);
  return read.ok && read.value instanceof Map ? (read.value as ValueObject) : null;
}

/**
 * A definition for reading and comparing: JSON with two blanks a level, the members that the digest covers first and in one
 * order, numbers exact. A text that cannot be read is answered as it is.
 */
export function layOut(definition: string): string {
  const value = readStored(definition);
  if (!value) return definition;
  const first = digested.filter((key) => value.has(key));
  const rest = [...value.keys()].filter((key) => !(digested as readonly string[]).includes(key));
  return lines(new Map([...first, ...rest].map((key) => [key, value.get(key) ?? null])), "");
}

/** One value as JSON on one line, numbers exact. */
export function shortJson(value: Value): string {
  if (isDecimal(value)) return toText(value);
  if (value instanceof Map) {
    return `{${[...(value as ValueObject)].map(([key, member]) => `${JSON.stringify(key)}: ${shortJson(member)}`).join(", ")}}`;
  }
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(shortJson).join(", ")}]`;
  return JSON.stringify(value);
}

function lines(value: Value, indent: string): string {
  const inner = `${indent}  `;
  if (value instanceof Map && value.size > 0) {
    const members = [...(value as ValueObject)].map(
      ([key, member]) => `${inner}${JSON.stringify(key)}: ${lines(member, inner)}`,
    );
    return `{\n${members.join(",\n")}\n${indent}}`;
  }
  if (
    Array.isArray(value) &&
    (value as readonly Value[]).some((item) => typeof item === "object" && !isDecimal(item))
  ) {
    const items = (value as readonly Value[]).map((item) => `${inner}${lines(item, inner)}`);
    return `[\n${items.join(",\n")}\n${indent}]`;
  }
  return shortJson(value);
}
