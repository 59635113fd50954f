import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isDecimal } from "@/lib/kernel/decimal";
import { randomPolicies } from "@/lib/testing/random-policy";
import type { PolicyDocument } from "./document";
import { parsePolicy } from "./parse";
import { writePolicyJson } from "./to-json";
import { writePolicy } from "./to-yaml";

const runs = 10_000;

/** A copy without the places in the text. */
function placeless(value: unknown): unknown {
  if (typeof value !== "object" || value === null || isDecimal(value)) return value;
  if (Array.isArray(value)) return value.map(placeless);
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, placeless(item)]));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "at")
      .map(([key, item]) => [key, placeless(item)]),
  );
}

function parse(text: string): PolicyDocument {
  const read = parsePolicy(text);
  if (!read.ok) throw new Error(JSON.stringify(read.problems.filter((one) => one.severity === "error")));
  return read.document;
}

function expectSame(found: PolicyDocument, wanted: PolicyDocument): void {
  const [a, b] = [placeless(found), placeless(wanted)];
  if (!isDeepStrictEqual(a, b)) expect(a).toEqual(b);
}

test(`text → document → text → document: equal for ${runs} random texts, and the canonical text stays itself`, () => {
  fc.assert(
    fc.property(randomPolicies(), ({ document, text }) => {
      const read = parse(text);
      expectSame(read, document);
      const written = writePolicy(read);
      const again = parse(written);
      expectSame(again, document);
      if (writePolicy(again) !== written) expect(writePolicy(again)).toBe(written);
    }),
    { numRuns: runs, endOnFailure: true },
  );
}, 60_000);

test("document → JSON → document: equal", () => {
  fc.assert(
    fc.property(randomPolicies(), ({ document }) => {
      expectSame(parse(writePolicyJson(document)), document);
    }),
    { numRuns: 1000 },
  );
}, 60_000);
