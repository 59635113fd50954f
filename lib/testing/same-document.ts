import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import { isDecimal } from "@/lib/kernel/decimal";
import type { PolicyDocument } from "@/lib/policy/document";
import { parsePolicy } from "@/lib/policy/parse";

/** A copy without the places in the text. */
export function placeless(value: unknown): unknown {
  if (typeof value !== "object" || value === null || isDecimal(value)) return value;
  if (Array.isArray(value)) return value.map(placeless);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, placeless(item)]));
  const entries = Object.entries(value).filter(([key]) => key !== "at");
  return Object.fromEntries(entries.map(([key, item]) => [key, placeless(item)]));
}

/** Compares documents field by field, without the code that writes or compares them in the product. */
export function expectSameDocument(found: PolicyDocument, wanted: PolicyDocument): void {
  const [a, b] = [placeless(found), placeless(wanted)];
  if (!isDeepStrictEqual(a, b)) expect(a).toEqual(b);
}

/** The document of a text that has no errors. */
export function parseGood(text: string): PolicyDocument {
  const read = parsePolicy(text);
  if (read.ok) return read.document;
  throw new Error(`${JSON.stringify(read.problems.filter((problem) => problem.severity === "error"))}\n${text}`);
}
