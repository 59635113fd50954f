import { foldKey } from "@/lib/kernel/fold";
import { singleton } from "@/lib/kernel/singleton";
import type { Value } from "@/lib/kernel/value";
import { planFor, type CompiledPolicy } from "@/lib/policy/compile";
import type { Plan, Test } from "@/lib/policy/compiled";
import type { Path } from "@/lib/policy/path";

/** The argument names that a policy reads, as a tree: by their fold, with the name as the policy writes it. */
export interface ArgNames {
  readonly keys: Map<string, { readonly key: string; readonly below: ArgNames }>;
  /** What is read of a list's elements. */
  items: ArgNames | null;
}

/** Per plan, which is frozen and lives as long as its policy version. */
const known = singleton<WeakMap<Plan, ArgNames>>("gateway-arg-names", () => new WeakMap());

/** The names that the rules for `tool` read under `args`. */
export function argNamesOf(compiled: CompiledPolicy, tool: string): ArgNames {
  const plan = planFor(compiled, tool);
  const found = known.get(plan);
  if (found) return found;
  const names = namesOf(plan);
  known.set(plan, names);
  return names;
}

/**
 * True when some key of the arguments is not a name that the policy reads but would be taken for one by a reader that ignores case
 * or form (`Amount` where a rule reads `args.amount`): policy and upstream could then judge two different values.
 */
export function hasLookalike(args: Value, names: ArgNames): boolean {
  if (args instanceof Map) {
    for (const [key, value] of args as ReadonlyMap<string, Value>) {
      const meant = names.keys.get(isPlain(key) ? key : foldKey(key));
      if (meant && (meant.key !== key || hasLookalike(value, meant.below))) return true;
    }
    return false;
  }
  const { items } = names;
  return Array.isArray(args) && items !== null && (args as readonly Value[]).some((item) => hasLookalike(item, items));
}

function namesOf(plan: Plan): ArgNames {
  const names = blank();
  for (const rule of plan.rules) {
    if (rule.when) addTest(names, rule.when);
    if (rule.conditions) addTest(names, rule.conditions);
    if (rule.amountFrom) addPath(names, rule.amountFrom);
    for (const path of rule.splits) addPath(names, path);
  }
  for (const { source, limits } of plan.counters) {
    if (source?.when) addTest(names, source.when);
    if (source?.from) addPath(names, source.from);
    for (const { when } of limits) if (when) addTest(names, when);
  }
  return names;
}

function addTest(names: ArgNames, test: Test): void {
  switch (test.kind) {
    case "leaf":
      addPath(names, test.path);
      return;
    case "not":
      addTest(names, test.item);
      return;
    case "all":
    case "any":
      for (const item of test.items) addTest(names, item);
  }
}

function addPath(names: ArgNames, path: Path): void {
  if (path.root !== "args") return;
  let node = names;
  for (const step of path.steps) {
    if (step.kind !== "key") {
      node.items ??= blank();
      node = node.items;
      continue;
    }
    const fold = foldKey(step.key);
    const found = node.keys.get(fold);
    const next = found ?? { key: step.key, below: blank() };
    if (!found) node.keys.set(fold, next);
    node = next.below;
  }
}

function blank(): ArgNames {
  return { keys: new Map(), items: null };
}

/** Lower-case ASCII is its own fold. */
function isPlain(key: string): boolean {
  return /^[a-z0-9_-]*$/.test(key);
}
