import { decimalOf, isNegative } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { counterPers } from "@/lib/quota/key";
import type { CounterPer } from "@/lib/quota/key";
import { windows } from "@/lib/quota/window";
import type { Condition, Rule } from "./document";
import { nameOfCondition, uniqueName } from "./hosted-names";
import { counterScope, roots } from "./path";
import type { Path } from "./path";
import type { ProblemList } from "./problems";
import { groupKeys, leafKeys, readConditions, readPath } from "./read-condition";
import { shortCounter } from "./read-limit";
import { readList, readMap, readNumber, readText, readWord, requireEntry } from "./shape";
import type { TreeMap, TreeNode } from "./yaml-tree";

export const hostedRuleKeys = ["name", "description", "conditions", ...leafKeys, ...groupKeys, "on_deny"];
export const hostedLimitKeys = [
  ...["counter", "window", "max", "scope", "increment_from", "sum", "amount"],
  ...hostedRuleKeys,
];

/** What an import needs everywhere: where problems go, and what was decided without being told. */
export interface HostedImport {
  readonly problems: ProblemList;
  readonly notes: Set<string>;
}

/** Words for whose calls share a counter, beside those of the language itself. */
const scopes: Readonly<Record<string, CounterPer>> = {
  token: "grant",
  identity: "grant",
  agent: "grant",
  global: "org",
  organization: "org",
  organisation: "org",
};

/** The rules of one list (`require`, `deny_if` or `limits`) of the block `tool`. */
export function hostedRules(
  to: HostedImport,
  node: TreeNode,
  list: "require" | "deny_if" | "limits",
  block: { readonly tool: string; readonly names: Set<string> },
): Rule[] {
  const nodes = readList(to.problems, node, `a list: \`${list}\``) ?? [];
  return nodes.flatMap((item) => {
    const rule = list === "limits" ? readLimit(to, item, block) : readRule(to, item, list, block.names);
    if (rule) block.names.add(rule.name);
    return rule ?? [];
  });
}

const nothing = { mode: "enforce", when: null, conditions: null, bounds: [], counting: null, approval: null } as const;

function readRule(
  { problems }: HostedImport,
  node: TreeNode,
  list: "require" | "deny_if",
  names: ReadonlySet<string>,
): Rule | null {
  const map = readMap(
    problems,
    node,
    hostedRuleKeys,
    "an entry: `{path, op, value, on_deny}` or `{conditions, on_deny}`",
  );
  if (!map) return null;
  const condition = readEntry(problems, map);
  const texts = readTexts(problems, map);
  if (!condition) {
    if (!problems.hasErrors) problems.error("missing", map, "The entry has no condition", "Write `conditions`.");
    return null;
  }
  const denies = list === "deny_if";
  const name = texts.name ?? `${denies ? "deny if " : ""}${nameOfCondition(condition)}`;
  const judged = denies ? { action: "deny", when: condition } : { action: "evaluate", conditions: condition };
  return { ...nothing, ...texts, at: map.pointer, name: uniqueName(name, names), ...judged } as Rule;
}

/** The conditions of an entry: a list under `conditions`, or one comparison or group written in the entry itself. */
function readEntry(problems: ProblemList, map: TreeMap): Condition | null {
  const list = map.entries.get("conditions");
  const own = [...map.entries].filter(([key]) => leafKeys.includes(key) || groupKeys.includes(key));
  const [first] = own;
  if (list && first) {
    problems.error("exclusive", first[1].key, `\`${first[0]}\` beside \`conditions\`: write one of them`);
    return null;
  }
  if (list) return readConditions(problems, list.value, "refused").condition;
  if (!first) return null;
  const item: TreeMap = { ...map, entries: new Map(own) };
  const { pointer, offset } = map;
  return readConditions(problems, { kind: "list", items: [item], pointer, offset }, "refused").condition;
}

function readTexts(
  problems: ProblemList,
  map: TreeMap,
): { name: string | null; description: string | null; onDeny: string | null } {
  const text = (key: string, most: number): string | null => {
    const entry = map.entries.get(key);
    return entry ? readText(problems, entry.value, "a text", most) : null;
  };
  return { name: text("name", 120), description: text("description", 2000), onDeny: text("on_deny", 2000) };
}

function readLimit(
  to: HostedImport,
  node: TreeNode,
  { tool, names }: { readonly tool: string; readonly names: ReadonlySet<string> },
): Rule | null {
  const { problems } = to;
  const map = readMap(problems, node, hostedLimitKeys, "a limit: `{counter, window, max, scope}`");
  if (!map) return null;
  const windowEntry = requireEntry(problems, map, "window", `One of ${windows.join(", ")}.`);
  const window = windowEntry && readWord(problems, windowEntry.value, windows);
  const max = readMax(problems, map);
  const counterNode = map.entries.get("counter")?.value;
  const counter = counterNode ? readText(problems, counterNode, "the counter's name", 100) : null;
  const per = readScope(to, map);
  const incrementFrom = readSum(to, map);
  const when = readEntry(problems, map);
  const texts = readTexts(problems, map);
  if (!window || !max || !per || incrementFrom === undefined) return null;
  const what = incrementFrom ? `sum of ${incrementFrom.text.replace(/^args\./, "")}` : "calls";
  const name = uniqueName(texts.name ?? counter?.replaceAll("_", " ") ?? `${what} per ${window}`, names);
  if (!incrementFrom) to.notes.add(`Limit "${name}" of ${shown(tool)} counts calls, because it names nothing to sum.`);
  const limit = { at: map.pointer, counter: shortCounter(name) };
  return {
    ...nothing,
    ...texts,
    at: map.pointer,
    name,
    action: "evaluate",
    when,
    bounds: [{ ...limit, tool: counterScope(tool), max, inclusive: true }],
    counting: {
      ...limit,
      form: "limit",
      window,
      increment: decimalOf(1),
      incrementFrom,
      per,
      by: [],
      onUnknown: incrementFrom ? "hold" : "release",
      onToolError: "void",
    },
  };
}

/** How the notes name a block. */
export function shown(tool: string): string {
  return tool === "*" ? "every tool" : `\`${tool}\``;
}

function readMax(problems: ProblemList, map: TreeMap): Decimal | null {
  const node = requireEntry(problems, map, "max")?.value;
  const max = node ? readNumber(problems, node, "the most that is let through, a number") : null;
  if (!node || !max || !isNegative(max)) return max;
  problems.error("value", node, "A limit cannot be negative");
  return null;
}

function readScope({ problems, notes }: HostedImport, map: TreeMap): CounterPer | null {
  const node = map.entries.get("scope")?.value;
  if (!node) {
    notes.add("Limits without a `scope` are counted per grant.");
    return "grant";
  }
  const word = readWord(problems, node, [...counterPers, ...Object.keys(scopes)]);
  const other = word !== null && Object.hasOwn(scopes, word) ? scopes[word] : undefined;
  if (other) notes.add(`Scope \`${word}\` is \`per: ${other}\` here.`);
  return other ?? counterPers.find((per) => per === word) ?? null;
}

/** The argument that a limit sums; null = it counts calls, undefined = it cannot be read. */
function readSum({ problems, notes }: HostedImport, map: TreeMap): Path | null | undefined {
  const given = ["increment_from", "sum", "amount"].flatMap((key) => {
    const entry = map.entries.get(key);
    return entry ? [{ key, entry }] : [];
  });
  const [first, second] = given;
  if (!first) return null;
  if (second) {
    problems.error(
      "exclusive",
      second.entry.key,
      `\`${second.key}\` beside \`${first.key}\`: a limit sums one argument`,
    );
    return undefined;
  }
  const { value } = first.entry;
  const text = value.kind === "scalar" && typeof value.value === "string" ? value.value : null;
  if (text === null || roots.some((root) => isUnder(root, text))) return readPath(problems, value) ?? undefined;
  notes.add(`\`${text}\` is the argument \`args.${text}\` here.`);
  const { pointer, offset } = value;
  return readPath(problems, { kind: "scalar", value: `args.${text}`, pointer, offset }) ?? undefined;
}

function isUnder(root: string, text: string): boolean {
  return text.startsWith(`${root}.`) || text.startsWith(`${root}[`);
}
