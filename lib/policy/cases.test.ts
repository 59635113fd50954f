import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { add, isDecimal, toText, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import type { Value, ValueObject } from "@/lib/kernel/value";
import { windowOf } from "@/lib/quota/window";
import { checkPolicy } from "./check";
import { compilePolicy } from "./compile";
import type { CompiledPolicy } from "./compile";
import { evaluate } from "./evaluate";
import { explain } from "./explain";
import { parsePolicy } from "./parse";
import { simulate } from "./simulate";
import type { Facts } from "./types";
import { readTree } from "./yaml-tree";
import type { TreeNode } from "./yaml-tree";

const root = path.join(import.meta.dirname, "cases");

function toValue(node: TreeNode | null): Value {
  if (node === null) return null;
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toValue);
  return new Map([...node.entries].map(([key, entry]) => [key, toValue(entry.value)]));
}

function objectAt(from: Value | undefined, key: string): ValueObject {
  const found = from instanceof Map ? (from as ValueObject).get(key) : undefined;
  return found instanceof Map ? (found as ValueObject) : new Map<string, Value>();
}

function textAt(from: ValueObject, key: string): string | undefined {
  const found = from.get(key);
  return typeof found === "string" ? found : undefined;
}

function factsOf(call: ValueObject, given: ValueObject): Facts {
  const grant = objectAt(given, "grant");
  const tags = grant.get("tags");
  return {
    tool: textAt(call, "tool") ?? "",
    args: objectAt(call, "args"),
    grant: {
      id: textAt(grant, "id") ?? "grant-1",
      label: textAt(grant, "label") ?? "ci",
      tags: Array.isArray(tags) ? tags.map(String) : [],
    },
    server: { name: textAt(objectAt(given, "server"), "name") ?? "payments" },
    client: { name: textAt(objectAt(given, "client"), "name") ?? "test" },
    now: textAt(given, "now") ?? "2026-01-01T12:00:00Z",
  };
}

/** Checks what a case or one of its steps says about the answer. */
function expectVerdict(
  compiled: CompiledPolicy,
  facts: Facts,
  used: ReadonlyMap<string, Decimal>,
  expected: ValueObject,
): void {
  const verdict = simulate(compiled, facts, (counter) => used.get(counter));
  const given = { rule: "", reason: "", message: "", ...verdict };
  const wanted = {
    expect: textAt(expected, "expect"),
    rule: textAt(expected, "rule"),
    reason: textAt(expected, "reason"),
    message: textAt(expected, "message"),
  };
  const shown = {
    expect: given.kind,
    rule: wanted.rule === undefined ? undefined : (given.rule.split("/").at(-1)?.replaceAll("~1", "/") ?? ""),
    reason: wanted.reason === undefined ? undefined : given.reason,
    message: wanted.message === undefined ? undefined : given.message,
  };
  expect(shown).toEqual(wanted);
  expect(explain(compiled, facts).decision).toEqual(evaluate(compiled, facts));
}

/** Calls one after the other over counters that live in their windows, as the ledger keeps them. */
function runSteps(compiled: CompiledPolicy, steps: readonly Value[]): void {
  const counted = new Map<string, Decimal>();
  for (const step of steps) {
    if (!(step instanceof Map)) throw new Error("a step is a map");
    const facts = factsOf(objectAt(step, "call"), step as ValueObject);
    const decision = evaluate(compiled, facts);
    const demands = decision.kind === "allow" ? decision.counters : [];
    const keyOf = (demand: (typeof demands)[number]): string =>
      `${demand.counter} ${windowOf(Date.parse(facts.now), demand.window).startMs}`;
    const used = new Map(demands.map((demand) => [demand.counter, counted.get(keyOf(demand)) ?? zero]));
    expectVerdict(compiled, facts, used, step as ValueObject);
    if (textAt(step as ValueObject, "expect") !== "allow") continue;
    for (const demand of demands) counted.set(keyOf(demand), add(counted.get(keyOf(demand)) ?? zero, demand.amount));
  }
}

function expectProblems(text: string, expected: readonly Value[]): void {
  const problems = checkPolicy(text);
  const wanted = expected.map((item) => Object.fromEntries(item instanceof Map ? (item as ValueObject) : []));
  const shown = problems.map((problem, index) => {
    const full: Record<string, unknown> = { ...problem };
    const keys = Object.keys(wanted[index] ?? { code: "", line: 0 });
    return Object.fromEntries(keys.map((key) => [key, full[key]]));
  });
  const plain = wanted.map((item) =>
    Object.fromEntries(
      Object.entries(item).map(([key, value]) => [key, isDecimal(value) ? Number(toText(value)) : value]),
    ),
  );
  expect(shown).toEqual(plain);
}

function runCase(file: string): void {
  const tree = readTree(readFileSync(file, "utf8"));
  expect(tree.problems.sorted()).toEqual([]);
  const read = toValue(tree.root);
  if (!(read instanceof Map)) throw new Error("a case is a map");
  const content = read as ValueObject;
  const policyFile = textAt(content, "policyFile");
  const text = policyFile
    ? readFileSync(path.join(import.meta.dirname, policyFile), "utf8")
    : (textAt(content, "policy") ?? "");
  const problems = content.get("problems");
  if (Array.isArray(problems)) expectProblems(text, problems);
  if (!content.has("expect") && !content.has("steps")) {
    expect(Array.isArray(problems)).toBe(true);
    return;
  }
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 2));
  const compiled = compilePolicy(parsed.document, {
    digest: (input) => createHash("sha256").update(input).digest("hex"),
  });
  const steps = content.get("steps");
  if (Array.isArray(steps)) return runSteps(compiled, steps);
  const given = objectAt(content, "given");
  const state = [...objectAt(given, "state")].filter((entry): entry is [string, Decimal] => isDecimal(entry[1]));
  expectVerdict(compiled, factsOf(objectAt(content, "call"), given), new Map(state), content);
}

for (const area of readdirSync(root).sort()) {
  describe(area, () => {
    const files = readdirSync(path.join(root, area)).filter((file) => file.endsWith(".yaml"));
    test.each(files.map((file) => [file.slice(0, -".yaml".length).replaceAll("-", " "), file]))("%s", (_, file) => {
      runCase(path.join(root, area, file));
    });
  });
}
