import { isDecimal, toText } from "@/lib/kernel/decimal";
import type {
  Block,
  BlockRule,
  CompiledPolicy,
  CompiledRule,
  CountedCounter,
  NameSet,
  Plan,
  ScalarSet,
  Test,
} from "./compiled";
import type { ApprovalWords, Condition, Counting, PolicyDocument, Rule, Scalar, ToolBlock } from "./document";
import { approvalTerms } from "./approval-terms";
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
  const counters = countersOf(document);
  const defaults = document.approvals;
  const whole = { counters, defaults, lists: new Map<string, ScalarSet>() };
  const blocks = document.tools.map((block, order) => compileBlock(block, order, whole));
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
    met: new Map<string, Plan>(),
    unlisted: planOf(everywhere, false, counters),
    counters,
    methods: document.methods,
  });
}

/** Names that only globs match and that are remembered; agents may invent any number of them. */
const metMax = 1000;

/** What governs a tool name: its own plan, or the globs that match it joined, or what `"*"` alone says. */
export function planFor(compiled: CompiledPolicy, tool: string): Plan {
  const exact = compiled.plans.get(tool) ?? compiled.met.get(tool);
  if (exact) return exact;
  if (compiled.globs.length === 0) return compiled.unlisted;
  const matching = compiled.globs.filter((block) => matchesGlob(block.name, tool));
  if (matching.length === 0) return compiled.unlisted;
  const plan = deepFreeze(planOf(inFileOrder([...matching, ...compiled.everywhere]), true, compiled.counters));
  if (compiled.met.size >= metMax) compiled.met.clear();
  compiled.met.set(tool, plan);
  return plan;
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

/** What every rule needs to know of the whole document. */
interface Whole {
  counters: ReadonlyMap<string, CountedCounter>;
  defaults: ApprovalWords | null;
  /** Prepared lists by their text: rules of many tools often name the same values. */
  lists: Map<string, ScalarSet>;
}

/** Every counter that some rule moves, by its full name. */
function countersOf(document: PolicyDocument): ReadonlyMap<string, CountedCounter> {
  const counters = new Map<string, CountedCounter>();
  for (const block of document.tools) {
    for (const { counting, mode } of block.rules) {
      if (!counting || mode === "off") continue;
      const counted = compileCounting(block.name, counting);
      counters.set(counted.counter, counted);
    }
  }
  return counters;
}

function compileBlock(block: ToolBlock, order: number, whole: Whole): Block {
  const rules = block.rules.filter((rule) => rule.mode !== "off");
  return { name: block.name, order, rules: rules.map((rule) => compileRule(block.name, rule, whole)) };
}

function compileRule(tool: string, rule: Rule, whole: Whole): BlockRule {
  const id = `/tools/${pointerToken(tool)}/rules/${pointerToken(rule.name)}`;
  const shadow = rule.mode === "shadow";
  const counting = rule.counting && compileCounting(tool, rule.counting);
  const bounds = rule.bounds.map(({ tool: owner, counter, max, inclusive }) => ({
    counter: counterName(owner, counter),
    limit: { rule: id, max, inclusive, message: rule.onDeny, shadow },
  }));
  const moved = [counting, ...bounds.map(({ counter }) => whole.counters.get(counter))];
  const splits = new Map(moved.flatMap((one) => one?.by ?? []).map((path) => [path.text, path]));
  const denied = `Denied by rule "${rule.name}"`;
  const compiled: CompiledRule = {
    id,
    name: rule.name,
    action: rule.action,
    shadow,
    when: rule.when && compileCondition(rule.when, whole.lists),
    conditions: rule.conditions && compileCondition(rule.conditions, whole.lists),
    amountFrom: rule.counting?.incrementFrom ?? null,
    splits: [...splits.values()],
    terms: rule.action === "require_approval" ? approvalTerms(rule.approval, whole.defaults) : null,
    message: rule.onDeny ?? denied,
    amountMessage: `${denied}: ${rule.counting?.incrementFrom?.text ?? "the amount"} must be a number of 0 or more`,
    splitMessage: `${denied}: ${[...splits.keys()].join(" and ")} must be a text, a number or a boolean`,
  };
  return { rule: compiled, counts: counting && counted(counting, compiled.when, shadow), bounds };
}

function compileCounting(tool: string, counting: Counting): CountedCounter {
  const { window, increment, incrementFrom, per, by, onUnknown, onToolError } = counting;
  return {
    counter: counterName(counterScope(tool), counting.counter),
    meaning: meaningOf(counting),
    window,
    per,
    by,
    onUnknown,
    onToolError,
    source: { when: null, fixed: increment, from: incrementFrom, shadow: false },
  };
}

function counted(counting: CountedCounter, when: Test | null, shadow: boolean): CountedCounter {
  return { ...counting, source: counting.source && { ...counting.source, when, shadow } };
}

/** What a counter counts, as text: an edit that changes it starts a new count. */
export function meaningOf({ window, increment, incrementFrom, by }: Counting): string {
  const what = incrementFrom ? `sum ${incrementFrom.text}` : toText(increment);
  return `${what} per ${window}${by.length === 0 ? "" : ` by ${by.map((path) => path.text).join(", ")}`}`;
}

function compileCondition(condition: Condition, lists: Whole["lists"]): Test {
  switch (condition.kind) {
    case "all":
    case "any":
      return { kind: condition.kind, items: condition.items.map((item) => compileCondition(item, lists)) };
    case "not":
      return { kind: "not", item: compileCondition(condition.item, lists) };
    case "leaf": {
      const { path, op, value, ifAbsent } = condition;
      const pattern = op === "regex" && typeof value === "string" ? compilePattern(value) : null;
      const members = Array.isArray(value) ? listOf(value as readonly Scalar[], lists) : null;
      const each = path.steps.some((step) => step.kind === "each");
      return { kind: "leaf", path, each, op, value, members, pattern, skipAbsent: ifAbsent === "skip" };
    }
  }
}

function listOf(values: readonly Scalar[], lists: Whole["lists"]): ScalarSet {
  const text = JSON.stringify(values, textOfNumbers);
  const list = lists.get(text) ?? scalarSet(values);
  lists.set(text, list);
  return list;
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

/** The document's meaning as text: places in the source and tests left out. */
function canonicalText(document: PolicyDocument): string {
  return JSON.stringify({ ...document, tests: undefined }, (key, value: unknown) => {
    if (key === "at" || key === "defaultGiven") return undefined;
    return textOfNumbers(key, value);
  });
}

/** For JSON: exact numbers kept apart from texts. */
function textOfNumbers(_: string, value: unknown): unknown {
  return isDecimal(value) ? { number: toText(value) } : value;
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
