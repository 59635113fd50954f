import { isDecimal, toText } from "@/lib/kernel/decimal";
import type {
  Block,
  BlockRule,
  CompiledPolicy,
  CompiledRule,
  CounterFacts,
  NameSet,
  Plan,
  ScalarSet,
  Test,
} from "./compiled";
import type { Condition, Counting, PolicyDocument, Rule, Scalar, ToolBlock } from "./document";
import { isGlob, matchesGlob } from "./glob";
import { counterName, counterScope, pointerToken } from "./path";
import { compilePattern } from "./pattern";
import { planOf } from "./plan";

export type { CompiledPolicy };

/**
 * Prepares a checked document (one that `parsePolicy` gave with `ok`) for judging calls: names resolved, lists and
 * patterns built, everything indexed by tool and frozen. Pure: the hash comes from `digest` over the document's meaning,
 * so a change of comments or layout keeps it, and the same document always has the same hash.
 */
export function compilePolicy(document: PolicyDocument, options: { digest: (text: string) => string }): CompiledPolicy {
  const blocks = document.tools.map(compileBlock);
  const counters = new Map<string, CounterFacts>();
  for (const { counts } of blocks.flatMap((block) => block.rules)) if (counts) counters.set(counts.counter, counts);
  const globs = blocks.filter((block) => block.name !== "*" && isGlob(block.name));
  const everywhere = blocks.filter((block) => block.name === "*");
  const plans = new Map<string, Plan>();
  for (const block of blocks.filter(({ name }) => !isGlob(name))) {
    const matching = [block, ...globs.filter((glob) => matchesGlob(glob.name, block.name)), ...everywhere];
    plans.set(block.name, planOf(inFileOrder(matching), true, counters));
  }
  return deepFreeze({
    hash: options.digest(canonicalText(document)),
    defaultAllow: document.default === "allow",
    hidden: nameSet(document.hide.map((name) => name.pattern)),
    plans,
    globs,
    everywhere,
    unlisted: planOf(everywhere, false, counters),
    counters,
    methods: document.methods,
  });
}

/** What governs a tool name that no block has exactly: globs are joined per call, so that nothing grows with the names seen. */
export function planFor(compiled: CompiledPolicy, tool: string): Plan {
  const exact = compiled.plans.get(tool);
  if (exact) return exact;
  const matching = compiled.globs.filter((block) => matchesGlob(block.name, tool));
  if (matching.length === 0) return compiled.unlisted;
  return planOf(inFileOrder([...matching, ...compiled.everywhere]), true, compiled.counters);
}

function inFileOrder(blocks: readonly Block[]): readonly Block[] {
  return [...blocks].sort((a, b) => a.order - b.order);
}

function nameSet(patterns: readonly string[]): NameSet {
  return {
    all: patterns.includes("*"),
    names: new Set(patterns.filter((pattern) => !isGlob(pattern))),
    globs: patterns.filter(isGlob),
  };
}

function compileBlock(block: ToolBlock, order: number): Block {
  return { name: block.name, order, rules: block.rules.map((rule) => compileRule(block.name, rule)) };
}

function compileRule(tool: string, rule: Rule): BlockRule {
  const id = `/tools/${pointerToken(tool)}/rules/${pointerToken(rule.name)}`;
  const compiled: CompiledRule = {
    id,
    name: rule.name,
    action: rule.action,
    when: rule.when && compileCondition(rule.when),
    conditions: rule.conditions && compileCondition(rule.conditions),
    amountFrom: rule.counting?.incrementFrom ?? null,
    message: rule.onDeny ?? `Denied by rule "${rule.name}"`,
    amountMessage: `Denied by rule "${rule.name}": ${rule.counting?.incrementFrom?.text ?? "the amount"} must be a number of 0 or more`,
  };
  const bounds = rule.bounds.map(({ tool: owner, counter, max, inclusive }) => ({
    counter: counterName(owner, counter),
    limit: { rule: id, max, inclusive, message: rule.onDeny },
  }));
  return { rule: compiled, counts: rule.counting && compileCounting(tool, rule.counting, compiled.when), bounds };
}

function compileCounting(tool: string, counting: Counting, when: Test | null): BlockRule["counts"] {
  const { window, increment, incrementFrom, onUnknown, onToolError } = counting;
  const what = incrementFrom ? `sum ${incrementFrom.text}` : toText(increment);
  return {
    counter: counterName(counterScope(tool), counting.counter),
    meaning: `${what} per ${window}`,
    window,
    onUnknown,
    onToolError,
    source: { when, fixed: increment, from: incrementFrom },
  };
}

function compileCondition(condition: Condition): Test {
  switch (condition.kind) {
    case "all":
    case "any":
      return { kind: condition.kind, items: condition.items.map(compileCondition) };
    case "not":
      return { kind: "not", item: compileCondition(condition.item) };
    case "leaf": {
      const { path, op, value, ifAbsent } = condition;
      const pattern = op === "regex" && typeof value === "string" ? compilePattern(value) : null;
      const members = Array.isArray(value) ? scalarSet(value as readonly Scalar[]) : null;
      const each = path.steps.some((step) => step.kind === "each");
      return { kind: "leaf", path, each, op, value, members, pattern, skipAbsent: ifAbsent === "skip" };
    }
  }
}

function scalarSet(values: readonly Scalar[]): ScalarSet {
  const numbers = values.filter(isDecimal);
  const texts = values.filter((value) => typeof value === "string");
  const booleans = values.filter((value) => typeof value === "boolean");
  const kinds = [texts.length && "text", numbers.length && "number", booleans.length && "boolean"] as const;
  const [kind, other] = kinds.filter((one) => one !== 0);
  return {
    texts: new Set(texts),
    ints: new Set(numbers.map((number) => number.int).filter((int) => !Number.isNaN(int))),
    decimals: new Set(numbers.filter((number) => Number.isNaN(number.int)).map(toText)),
    words: new Set<boolean | null>([...booleans, ...(values.includes(null) ? [null] : [])]),
    only: other ? "mixed" : (kind ?? "none"),
  };
}

/** The document's meaning as text: places in the source left out, exact numbers kept apart from texts. */
function canonicalText(document: PolicyDocument): string {
  return JSON.stringify(document, (key, value: unknown) => {
    if (key === "at" || key === "defaultGiven") return undefined;
    return isDecimal(value) ? { number: toText(value) } : value;
  });
}

/** Freezes plain objects and lists all the way down; prepared patterns keep their working memory. */
function deepFreeze<T>(value: T): T {
  if (value instanceof Map) for (const item of value.values()) deepFreeze<unknown>(item);
  const plain = Array.isArray(value) || (typeof value === "object" && value !== null && isPlain(value));
  if (!plain || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value as object)) deepFreeze<unknown>(item);
  return value;
}

function isPlain(value: object): boolean {
  return Object.getPrototypeOf(value) === Object.prototype;
}
