import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { randomPolicies } from "@/lib/testing/random-policy";
import { policyJsonSchema } from "./json-schema";
import { approvalKeys } from "./read-approval";
import { groupKeys, leafKeys } from "./read-condition";
import { blockKeys, documentKeys } from "./read-document";
import { limitKeys, stateKeys } from "./read-limit";
import { ruleKeys } from "./read-rule";
import { callKeys, givenKeys, grantKeys, namedKeys, testKeys, toolKeys } from "./read-tests";
import * as schema from "./schema";
import { writePolicyJson } from "./to-json";

describe("the schema has exactly the keys that the reader knows", () => {
  test.each<[string, { shape: Record<string, unknown> }, readonly string[]]>([
    ["document", schema.policyShape, documentKeys],
    ["tool", schema.blockShape, blockKeys],
    ["rule", schema.ruleShape, ruleKeys],
    ["condition", schema.leafShape, leafKeys],
    ["limit", schema.limitShape, limitKeys],
    ["state", schema.stateShape, stateKeys],
    ["approval", schema.approvalShape, approvalKeys],
    ["test", schema.testShape, testKeys],
    ["call", schema.callShape, callKeys],
    ["given", schema.givenShape, givenKeys],
    ["grant", schema.grantShape, grantKeys],
    ["server", schema.serverShape, namedKeys],
    ["client", schema.clientShape, namedKeys],
    ["tool of a test", schema.toolShape, toolKeys],
  ])("%s", (_, { shape }, keys) => {
    expect(Object.keys(shape).sort()).toEqual([...keys].sort());
  });

  test("groups", () => {
    expect(schema.groupShapes.flatMap((group) => Object.keys(group.shape)).sort()).toEqual([...groupKeys].sort());
  });
});

test("every key has a description for hovering", () => {
  const missing: string[] = [];
  const visit = (node: unknown, at: string): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, value] of Object.entries((node as { properties?: object }).properties ?? {})) {
      const { description, $ref } = value as { description?: string; $ref?: string };
      if (!description && !$ref) missing.push(`${at}/${key}`);
    }
    for (const [key, value] of Object.entries(node)) visit(value, `${at}/${key}`);
  };
  visit(policyJsonSchema(), "");
  expect(missing).toEqual([]);
});

/** A validator made of the JSON Schema alone, as an editor has it. */
function validator(): z.ZodType {
  return z.fromJSONSchema(policyJsonSchema() as Parameters<typeof z.fromJSONSchema>[0]);
}

test("every random valid document fits the JSON Schema, as YAML and as JSON", () => {
  const check = validator();
  fc.assert(
    fc.property(randomPolicies(), ({ document, text }) => {
      for (const given of [parse(text) as unknown, JSON.parse(writePolicyJson(document)) as unknown]) {
        const result = check.safeParse(given);
        if (!result.success) throw new Error(`${JSON.stringify(result.error.issues)}\n${text}`);
      }
    }),
    { numRuns: 500 },
  );
});

test("every template fits", () => {
  const check = validator();
  const folder = path.join(import.meta.dirname, "templates");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".yaml"))) {
    const result = check.safeParse(parse(readFileSync(path.join(folder, file), "utf8")));
    expect(result.success ? [] : result.error.issues, file).toEqual([]);
  }
});

test.each([
  ["an unknown key", { version: "1", toools: {} }],
  ["an unknown key of a rule", { version: "1", tools: { a: { rules: [{ name: "x", onDeny: "y" }] } } }],
  [
    "an unknown key deep in conditions",
    { version: "1", tools: { a: { rules: [{ name: "x", when: [{ any: [{ not: { pth: 1 } }] }] }] } } },
  ],
  ["a number for the version", { version: 1 }],
  ["an unknown word", { version: "1", default: "ask" }],
  ["a rule without a name", { version: "1", tools: { a: { rules: [{ rate_limit: "1/day" }] } } }],
  ["no version", { tools: {} }],
])("%s does not fit", (_, given) => {
  expect(validator().safeParse(given).success).toBe(false);
});
