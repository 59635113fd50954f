import { isDecimal, toText } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import type { Path } from "./path";
import { resolve } from "./resolve";
import type { Facts } from "./types";

/** Why a value cannot split a counter, or null: there must be one, and it must be a text, a number or a boolean. */
export function splitFault(paths: readonly Path[], facts: Facts): "absent" | "type" | null {
  for (const path of paths) {
    const value = resolve(path, facts);
    if (value === undefined || value === null) return "absent";
    if (!isSplitter(value)) return "type";
  }
  return null;
}

function isSplitter(value: Value): boolean {
  return typeof value === "string" || typeof value === "boolean" || isDecimal(value);
}

/** The values that split a counter, as texts that differ when the values do: texts in quotes, numbers and booleans bare. */
export function splitTexts(paths: readonly Path[], facts: Facts): readonly string[] {
  if (paths.length === 0) return none;
  return paths.map((path) => {
    const value = resolve(path, facts);
    return isDecimal(value)
      ? toText(value)
      : typeof value === "boolean"
        ? String(value)
        : JSON.stringify(value ?? null);
  });
}

const none: readonly string[] = [];

/** A counter as people write it: `create_charge.cap`, and with what splits it `create_charge.cap[usd]`. */
export function counterLabel(counter: string, by: readonly string[]): string {
  return by.length === 0 ? counter : `${counter}[${by.map(bare).join(",")}]`;
}

/** A text without its quotes where it cannot be taken for anything else. */
function bare(text: string): string {
  return /^"[A-Za-z_][\w.:@-]*"$/.test(text) && text !== '"true"' && text !== '"false"' ? text.slice(1, -1) : text;
}
