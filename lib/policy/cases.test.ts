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
import { counterNames, findCounter, usedFrom } from "./counter-names";
import { evaluate } from "./evaluate";
import { explain } from "./explain";
import { factsOfTest } from "./facts";
import { parsePolicy } from "./parse";
import { ProblemList } from "./problems";
import { givenKeys, readCall, readGiven, toValue } from "./read-tests";
import { ruleName } from "./run-tests";
import { simulate } from "./simulate";
import type { UsedOf } from "./simulate";
import { counterLabel } from "./split";
import type { CounterDemand, Facts } from "./types";
import { readTree } from "./yaml-tree";
import type { TreeMap, TreeNode } from "./yaml-tree";

const root = path.join(import.meta.dirname, "cases");

const digest = (input: string): string => createHash("sha256").update(input).digest("hex");

function entryOf(map: TreeMap, key: string): TreeNode | undefined {
  return map.entries.get(key)?.value;
}

function textAt(map: TreeMap, key: string): string | undefined {
  const node = entryOf(map, key);
  return node?.kind === "scalar" && typeof node.value === "string" ? node.value : undefined;
}

function itemsAt(map: TreeMap, key: string): readonly TreeNode[] | undefined {
  const node = entryOf(map, key);
  return node?.kind === "list" ? node.items : undefined;
}

/** A case's call and what is given, in the words of the language's own `tests`; `given` of a step stands in the step itself. */
function readFacts(map: TreeMap, given: TreeNode | undefined): { facts: Facts; state: ReadonlyMap<string, Decimal> } {
  const problems = new ProblemList(() => ({ line: 1, column: 1 }));
  const callNode = entryOf(map, "call");
  const call = callNode && readCall(problems, callNode);
  if (!call) throw new Error("a case has a call");
  const read = readGiven(problems, given);
  expect(problems.sorted()).toEqual([]);
  const test = { at: "", name: "", call, given: read, expect: "allow", rule: null } as const;
  return { facts: factsOfTest(test), state: read.state };
}

interface Built {
  compiled: CompiledPolicy;
  names: ReadonlyMap<string, string>;
}

/** Checks what a case or one of its steps says about the answer. */
function expectVerdict({ compiled }: Built, facts: Facts, used: UsedOf, expected: TreeMap): void {
  const { verdict, shadow } = simulate(compiled, facts, used);
  const given = { rule: "", reason: "", message: "", ...verdict };
  const wanted = {
    expect: textAt(expected, "expect"),
    rule: textAt(expected, "rule"),
    reason: textAt(expected, "reason"),
    message: textAt(expected, "message"),
    shadow: itemsAt(expected, "shadow")?.map((item) => plain(toValue(item))),
  };
  const shown = {
    expect: given.kind,
    rule: wanted.rule === undefined ? undefined : ruleName(given.rule),
    reason: wanted.reason === undefined ? undefined : given.reason,
    message: wanted.message === undefined ? undefined : given.message,
    shadow: wanted.shadow && shadow.map(({ rule, would }) => ({ rule: ruleName(rule), would })),
  };
  expect(shown).toEqual(wanted);
  expect(explain(compiled, facts).decision).toEqual(evaluate(compiled, facts));
}

/** Calls one after the other over counters that live in their windows, as the ledger keeps them. */
function runSteps(built: Built, steps: readonly TreeNode[]): void {
  const counted = new Map<string, Decimal>();
  for (const step of steps) {
    if (step.kind !== "map") throw new Error("a step is a map");
    const own = [...step.entries].filter(([key]) => givenKeys.includes(key));
    const { facts } = readFacts(step, { ...step, entries: new Map(own) });
    const keyOf = ({ counter, by, window }: CounterDemand): string =>
      `${counterLabel(counter, by)} ${windowOf(Date.parse(facts.now), window).startMs}`;
    expectVerdict(built, facts, (demand) => counted.get(keyOf(demand)), step);
    if (!["allow", "hold"].includes(textAt(step, "expect") ?? "")) continue;
    const decision = evaluate(built.compiled, facts);
    const demands = decision.kind === "allow" || decision.kind === "hold" ? decision.counters : [];
    for (const demand of demands) counted.set(keyOf(demand), add(counted.get(keyOf(demand)) ?? zero, demand.amount));
  }
}

/** A value as plain data, for comparing: numbers of cases are small. */
function plain(value: Value): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...(value as ValueObject)].map(([key, item]) => [key, plain(item)]));
  }
  return isDecimal(value) ? Number(toText(value)) : value;
}

function expectProblems(text: string, expected: readonly TreeNode[]): void {
  const wanted = expected.map((item) => plain(toValue(item)) as Record<string, unknown>);
  const shown = checkPolicy(text).map((problem, index) => {
    const full: Record<string, unknown> = { ...problem };
    const keys = Object.keys(wanted[index] ?? { code: "", line: 0 });
    return Object.fromEntries(keys.map((key) => [key, full[key]]));
  });
  expect(shown).toEqual(wanted);
}

function runCase(file: string): void {
  const tree = readTree(readFileSync(file, "utf8"));
  expect(tree.problems.sorted()).toEqual([]);
  const content = tree.root;
  if (content?.kind !== "map") throw new Error("a case is a map");
  const policyFile = textAt(content, "policyFile");
  const text = policyFile
    ? readFileSync(path.join(import.meta.dirname, policyFile), "utf8")
    : (textAt(content, "policy") ?? "");
  const problems = itemsAt(content, "problems");
  if (problems) expectProblems(text, problems);
  const steps = itemsAt(content, "steps");
  if (!content.entries.has("expect") && !steps) {
    expect(problems).toBeDefined();
    return;
  }
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 2));
  const built = { compiled: compilePolicy(parsed.document, { digest }), names: counterNames(parsed.document) };
  if (steps) return runSteps(built, steps);
  const { facts, state } = readFacts(content, entryOf(content, "given"));
  for (const written of state.keys()) expect(findCounter(written, built.names)).not.toBeNull();
  expectVerdict(built, facts, usedFrom(state, built.names), content);
}

for (const area of readdirSync(root).sort()) {
  describe(area, () => {
    const files = readdirSync(path.join(root, area)).filter((file) => file.endsWith(".yaml"));
    test.each(files.map((file) => [file.slice(0, -".yaml".length).replaceAll("-", " "), file]))("%s", (_, file) => {
      runCase(path.join(root, area, file));
    });
  });
}
