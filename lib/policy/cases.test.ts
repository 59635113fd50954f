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
import { evaluate, findMethodAction } from "./evaluate";
import { explain } from "./explain";
import { factsOfTest } from "./facts";
import { parsePolicy } from "./parse";
import { ProblemList } from "./problems";
import { givenKeys, readCall, readGiven, toValue } from "./read-tests";
import { ruleName, runPolicyTests } from "./run-tests";
import { simulate } from "./simulate";
import type { CounterTrace, UsedOf } from "./simulate";
import { counterLabel } from "./split";
import type { CounterDemand, Facts } from "./types";
import { readTree } from "./yaml-tree";
import type { TreeMap, TreeNode } from "./yaml-tree";

const root = path.join(import.meta.dirname, "cases");

/** What a case may say; anything else would be a check that never runs. */
const answerKeys = ["expect", "rule", "reason", "message", "shadow", "terms", "counters", "holds"];
const caseKeys = ["policy", "policyFile", "call", "method", "given", "steps", "problems", "tests", ...answerKeys];
const stepKeys = ["call", "repeat", ...givenKeys, ...answerKeys];

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

/** What a case may say of a counter; amounts exactly. */
function shownCounter({ demand, before, after, resetsAt }: CounterTrace): Record<string, unknown> {
  const { counter, by, amount, meaning, window, per, onUnknown, onToolError } = demand;
  const said = { meaning, window, per, resetsAt, onUnknown, onToolError };
  const amounts = { amount: plain(amount), before: plain(before), after: plain(after) };
  return { counter: counterLabel(counter, by), ...said, ...amounts };
}

/** Compares entry by entry, only in what the case says. */
function expectEntries(shown: readonly object[], wanted: readonly TreeNode[] | undefined): void {
  if (!wanted) return;
  expect(shown).toMatchObject(wanted.map((item) => plain(toValue(item))));
  expect(shown.length).toBe(wanted.length);
}

/** Checks what a case or one of its steps says about the answer. */
function expectVerdict({ compiled }: Built, facts: Facts, used: UsedOf, expected: TreeMap): void {
  const { verdict, shadow, counters } = simulate(compiled, facts, used);
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
  expectEntries(verdict.kind === "hold" ? verdict.terms : [], itemsAt(expected, "terms"));
  expectEntries(counters.map(shownCounter), itemsAt(expected, "counters"));
  const decision = evaluate(compiled, facts);
  expect(explain(compiled, facts).decision).toEqual(decision);
  const holds =
    decision.kind === "hold" ? decision.holds.map(({ rule, message }) => ({ rule: ruleName(rule), message })) : [];
  expectEntries(holds, itemsAt(expected, "holds"));
}

/** Calls one after the other over counters that live in their windows, as the ledger keeps them. */
function runSteps(built: Built, steps: readonly TreeNode[]): void {
  const counted = new Map<string, Decimal>();
  for (const step of steps) {
    if (step.kind !== "map") throw new Error("a step is a map");
    expect([...step.entries.keys()].filter((key) => !stepKeys.includes(key))).toEqual([]);
    const own = [...step.entries].filter(([key]) => givenKeys.includes(key));
    const { facts } = readFacts(step, { ...step, entries: new Map(own) });
    const repeat = entryOf(step, "repeat");
    const times = repeat ? Number(plain(toValue(repeat))) : 1;
    const keyOf = ({ counter, by, window }: CounterDemand): string =>
      `${counterLabel(counter, by)} ${windowOf(Date.parse(facts.now), window).startMs}`;
    for (let turn = 0; turn < times; turn++) {
      expectVerdict(built, facts, (demand) => counted.get(keyOf(demand)), step);
      if (!["allow", "hold"].includes(textAt(step, "expect") ?? "")) continue;
      const decision = evaluate(built.compiled, facts);
      const demands = decision.kind === "allow" || decision.kind === "hold" ? decision.counters : [];
      for (const demand of demands) counted.set(keyOf(demand), add(counted.get(keyOf(demand)) ?? zero, demand.amount));
    }
  }
}

/** Runs the tests that stand in the policy itself. */
function expectTests(text: string, expected: TreeMap): void {
  const { passed, failed, results } = runPolicyTests(text, { digest });
  expect({ passed, failed }).toMatchObject(plain(toValue(expected)) as object);
  expect(results.length).toBe(passed + failed);
}

/** A value as plain data, for comparing: whole numbers as numbers, fractions and long ones as text. */
function plain(value: Value): unknown {
  if (value instanceof Map) {
    return Object.fromEntries([...(value as ValueObject)].map(([key, item]) => [key, plain(item)]));
  }
  if (Array.isArray(value)) return (value as readonly Value[]).map(plain);
  return isDecimal(value) ? (Number.isNaN(value.int) ? toText(value) : value.int) : value;
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
  expect([...content.entries.keys()].filter((key) => !caseKeys.includes(key))).toEqual([]);
  const policyFile = textAt(content, "policyFile");
  const text = policyFile
    ? readFileSync(path.join(import.meta.dirname, policyFile), "utf8")
    : (textAt(content, "policy") ?? "");
  const problems = itemsAt(content, "problems");
  if (problems) expectProblems(text, problems);
  const steps = itemsAt(content, "steps");
  const tests = entryOf(content, "tests");
  if (tests?.kind === "map") expectTests(text, tests);
  if (!content.entries.has("expect") && !steps) {
    expect(problems ?? tests).toBeDefined();
    return;
  }
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 2));
  const built = { compiled: compilePolicy(parsed.document, { digest }), names: counterNames(parsed.document) };
  if (steps) return runSteps(built, steps);
  const method = textAt(content, "method");
  if (method !== undefined) {
    expect(findMethodAction(built.compiled, method) ?? "unsaid").toBe(textAt(content, "expect"));
    return;
  }
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
