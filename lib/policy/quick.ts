import { isDecimal } from "@/lib/kernel/decimal";
import type { Value, ValueObject } from "@/lib/kernel/value";
import type { CompiledRule, LeafTest, QuickPath, Test } from "./compiled";
import type { Path } from "./path";

/** What one rule asks of one argument, as far as the quick pass can tell. */
interface Ask {
  least: number;
  most: number;
  texts: ReadonlySet<string> | null;
  prefix: string | null;
}

const anything: Ask = { least: -Infinity, most: Infinity, texts: null, prefix: null };

/**
 * Splits rules into what one look at each argument can settle, and the rest. Most calls meet most requirements, and many rules
 * ask about the same few arguments, so their requirements are joined here: however many rules there are, an argument is read once.
 */
export function quickOf(rules: readonly CompiledRule[]): {
  quick: readonly QuickPath[];
  rest: readonly CompiledRule[];
} {
  let paths: ReadonlyMap<string, QuickPath> = new Map();
  const rest = rules.filter((rule) => {
    const joined = joinRule(paths, rule);
    if (joined) paths = joined;
    return joined === null;
  });
  return { quick: [...paths.values()], rest };
}

/** The paths with everything that the rule asks, or null when it asks more than one look can tell. */
function joinRule(paths: ReadonlyMap<string, QuickPath>, rule: CompiledRule): ReadonlyMap<string, QuickPath> | null {
  const asks = asksOf(rule);
  if (asks === null) return null;
  const joined = new Map(paths);
  for (const { path, ask } of asks) {
    const one = joinAsk(joined.get(path.text), path, ask);
    if (one === null) return null;
    joined.set(path.text, one);
  }
  return joined;
}

/**
 * Whether these arguments certainly meet every requirement that was joined into `quick`. False says nothing: the value may be
 * absent, of another type, no whole number or out of bounds, and the rules themselves must be judged.
 */
export function passesQuickly(quick: readonly QuickPath[], args: ValueObject): boolean {
  for (const path of quick) {
    let value = args.get(path.key);
    if (path.below !== null) value = value instanceof Map ? (value as ValueObject).get(path.below) : undefined;
    if (value === undefined || value === null) return false;
    if (path.bounded && !isWithin(value, path)) return false;
    if (path.texts !== null && !(typeof value === "string" && path.texts.has(value))) return false;
    if (path.prefix !== null && !(typeof value === "string" && value.startsWith(path.prefix))) return false;
  }
  return true;
}

/** Only whole numbers that a double holds have an `int` that compares. */
function isWithin(value: Value, { least, most }: QuickPath): boolean {
  return isDecimal(value) && value.int >= least && value.int <= most;
}

/** What a rule asks, when that is all it says; null when only judging it will do. */
function asksOf(rule: CompiledRule): { path: Path; ask: Ask }[] | null {
  if (rule.action !== "evaluate" || rule.when !== null || rule.splits.length > 0) return null;
  const asks: { path: Path; ask: Ask }[] = [];
  if (rule.amountFrom) asks.push({ path: rule.amountFrom, ask: { ...anything, least: 0 } });
  for (const test of rule.conditions === null ? [] : parts(rule.conditions)) {
    const ask = test.kind === "leaf" ? askOf(test) : null;
    if (ask === null || test.kind !== "leaf") return null;
    asks.push({ path: test.path, ask });
  }
  return asks;
}

function parts(test: Test): readonly Test[] {
  return test.kind === "all" ? test.items.flatMap(parts) : [test];
}

/** One or two plain keys under `args`. */
function keysOf({ root, steps: [first, second, third] }: Path): [string, string | null] | null {
  if (root !== "args" || first?.kind !== "key" || third !== undefined) return null;
  if (second === undefined) return [first.key, null];
  return second.kind === "key" ? [first.key, second.key] : null;
}

function askOf(test: LeafTest): Ask | null {
  const { op, value, members } = test;
  const int = isDecimal(value) ? value.int : NaN;
  switch (op) {
    case "exists":
      return value === true ? anything : null;
    case "eq":
      return typeof value === "string" ? { ...anything, texts: new Set([value]) } : bounds(int, int);
    case "lte":
      return bounds(-Infinity, int);
    case "lt":
      return bounds(-Infinity, int - 1);
    case "gte":
      return bounds(int, Infinity);
    case "gt":
      return bounds(int + 1, Infinity);
    case "in":
      return members?.only === "text" ? { ...anything, texts: members.texts } : null;
    case "starts_with":
      return typeof value === "string" ? { ...anything, prefix: value } : null;
    case "neq":
    case "not_in":
    case "regex":
    case "contains":
    case "not_contains":
    case "ends_with":
    case "glob":
      return null;
  }
}

function bounds(least: number, most: number): Ask | null {
  return Number.isNaN(least) || Number.isNaN(most) ? null : { ...anything, least, most };
}

/** Both requirements as one; null when they cannot be told in one look. */
function joinAsk(known: QuickPath | undefined, path: Path, ask: Ask): QuickPath | null {
  const keys = keysOf(path);
  if (!keys) return null;
  const before: Ask = known ?? anything;
  const [least, most] = [Math.max(before.least, ask.least), Math.min(before.most, ask.most)];
  const prefix = joinPrefix(before.prefix, ask.prefix);
  if (prefix === undefined) return null;
  const texts = joinTexts(before.texts, ask.texts);
  const [key, below] = keys;
  return { key, below, bounded: least !== -Infinity || most !== Infinity, least, most, texts, prefix };
}

function joinTexts(a: ReadonlySet<string> | null, b: ReadonlySet<string> | null): ReadonlySet<string> | null {
  if (a === null || b === null || a === b) return a ?? b;
  return new Set([...a].filter((text) => b.has(text)));
}

/** Undefined: no text begins with both. */
function joinPrefix(a: string | null, b: string | null): string | null | undefined {
  if (a === null || b === null) return a ?? b;
  if (a.startsWith(b)) return a;
  return b.startsWith(a) ? b : undefined;
}
