import type { CounterBound, Counting, PolicyDocument, Rule } from "./document";
import { nearest } from "./nearest";
import { counterScope, globalScope } from "./path";
import type { Place, ProblemList } from "./problems";

/** Finds where a part of the document stands in the text. */
export type PlaceOf = (pointer: string) => Place;

/** Per scope (a tool, or `_global`) the counters by name, each with the rules that count it. */
type Registry = ReadonlyMap<string, ReadonlyMap<string, readonly Counting[]>>;

/** Every bound names a counter that some rule moves, one rule moves a counter, and each counter has a bound. */
export function checkCounters(document: PolicyDocument, problems: ProblemList, placeOf: PlaceOf): void {
  const registry = registryOf(document);
  const live = document.tools.flatMap((block) => block.rules.filter((rule) => rule.mode !== "off"));
  const bounds = live.flatMap((rule) => rule.bounds);
  for (const rule of live) if (rule.mode === "enforce") checkShadowed(rule, document, problems, placeOf);
  for (const bound of bounds) {
    checkBound(bound, registry, problems, placeOf(bound.at), isOff(bound, document));
    if (bound.max.int !== 0) continue;
    const hint = "Use `action: deny` to block a tool.";
    problems.warning("limit_zero", placeOf(bound.at), "A limit of 0 denies every call that counts", hint);
  }
  for (const [scope, counters] of registry) {
    for (const [counter, countings] of counters) {
      checkDuplicates(counter, countings, problems, placeOf);
      const [first] = countings;
      if (!first || problems.hasErrors || bounds.some((bound) => bound.tool === scope && bound.counter === counter))
        continue;
      const hint = `Add the condition \`state.${scope}.${counter} lte <max>\`.`;
      problems.warning("unlimited", placeOf(first.at), "Nothing limits this counter", hint);
    }
  }
}

function registryOf(document: PolicyDocument): Registry {
  const registry = new Map<string, Map<string, Counting[]>>();
  for (const block of document.tools) {
    const counters = new Map<string, Counting[]>();
    for (const { counting, mode } of block.rules) {
      if (counting && mode !== "off")
        counters.set(counting.counter, [...(counters.get(counting.counter) ?? []), counting]);
    }
    registry.set(counterScope(block.name), counters);
  }
  return registry;
}

/** Plain rate limits over one window share a counter on purpose; anything else would count a call twice. */
function checkDuplicates(
  counter: string,
  countings: readonly Counting[],
  problems: ProblemList,
  placeOf: PlaceOf,
): void {
  if (counter.startsWith("_rate_")) return;
  for (const other of countings.slice(1)) {
    const hint = "One rule counts; others limit it with a condition alone.";
    problems.error("duplicate_counter", placeOf(other.at), `Another rule already counts \`${counter}\``, hint);
  }
}

/**
 * An enforced limit on a sum that only a rule in shadow counts: that rule denies nothing, so a call whose amount cannot be read
 * would be counted as nothing and pass.
 */
function checkShadowed({ bounds }: Rule, document: PolicyDocument, problems: ProblemList, placeOf: PlaceOf): void {
  for (const bound of bounds) {
    const block = document.tools.find(({ name }) => counterScope(name) === bound.tool);
    const counting =
      block?.rules.filter((rule) => rule.mode !== "off" && rule.counting?.counter === bound.counter) ?? [];
    const sums = counting.some((rule) => rule.counting?.incrementFrom);
    if (!sums || counting.some((rule) => rule.mode === "enforce")) continue;
    const message = `Only a rule in shadow counts \`${bound.counter}\`, so calls whose amount cannot be read would pass this limit`;
    problems.error(
      "shadow_counter",
      placeOf(bound.at),
      message,
      "Enforce the rule that counts, or put this one into shadow too.",
    );
  }
}

/** Whether a rule counts it, but is off. */
function isOff(bound: CounterBound, document: PolicyDocument): boolean {
  const blocks = document.tools.filter((block) => counterScope(block.name) === bound.tool);
  return blocks.some((block) => block.rules.some((rule) => rule.counting?.counter === bound.counter));
}

function checkBound(bound: CounterBound, registry: Registry, problems: ProblemList, place: Place, off: boolean): void {
  const counters = registry.get(bound.tool);
  if (counters?.has(bound.counter)) return;
  if (!counters) {
    const known = [...registry.keys()];
    const close = bound.tool === "*" ? globalScope : problems.isLong ? null : nearest(bound.tool, known);
    const hint = close
      ? `Did you mean \`state.${close}.${bound.counter}\`?`
      : `Listed: ${known.slice(0, 10).join(", ")}.`;
    problems.error("counter", place, `Nothing is listed as \`${bound.tool}\`, so it has no counters`, hint);
    return;
  }
  const close = problems.isLong ? null : nearest(bound.counter, [...counters.keys()]);
  const hint = off
    ? "The rule that counts it is off."
    : close
      ? `Did you mean \`${close}\`?`
      : "Add a `state` block to the rule that counts it.";
  problems.error("counter", place, `\`${bound.tool}\` has no counter \`${bound.counter}\``, hint);
}
