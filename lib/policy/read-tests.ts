import { isNegative } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { toolCategories, toolRisks } from "@/lib/kernel/tool-class";
import type { Value, ValueObject } from "@/lib/kernel/value";
import { expectWords } from "./document";
import type { PolicyTest, TestGiven } from "./document";
import { toolHints } from "./path";
import type { ProblemList } from "./problems";
import { readBoolean, readList, readMap, readNumber, readText, readWord, requireEntry, wordFor } from "./shape";
import type { TreeMap, TreeNode } from "./yaml-tree";

export const testKeys = ["name", "call", "given", "expect", "rule"];
export const callKeys = ["tool", "args"];
export const givenKeys = ["state", "grant", "server", "client", "tool", "meta", "now"];
export const grantKeys = ["id", "label", "tags"];
export const namedKeys = ["name"];
export const toolKeys = ["category", "risk", "annotations"];

const testsMax = 500;
const nameMax = 200;

/** Reads `tests:`; a broken one is reported and left out. */
export function readTests(problems: ProblemList, node: TreeNode): PolicyTest[] {
  const nodes = readList(problems, node, "a list of tests") ?? [];
  if (nodes.length > testsMax) problems.error("length", node, `At most ${testsMax} tests`);
  const tests: PolicyTest[] = [];
  for (const item of nodes) {
    const test = readTest(problems, item);
    if (!test) continue;
    if (tests.some((known) => known.name === test.name)) {
      problems.error("duplicate_name", item, `Another test is named \`${test.name}\``, "Test names are unique.");
    } else tests.push(test);
  }
  return tests;
}

function readTest(problems: ProblemList, node: TreeNode): PolicyTest | null {
  const map = readMap(problems, node, testKeys, "a test: a map with `name`, `call` and `expect`");
  if (!map) return null;
  const nameNode = requireEntry(problems, map, "name", "Say in the name what the policy guarantees.")?.value;
  const name = nameNode ? readText(problems, nameNode, "a name", nameMax) : null;
  const callNode = requireEntry(problems, map, "call", "Write `call: {tool: <name>, args: {…}}`.")?.value;
  const call = callNode ? readCall(problems, callNode) : null;
  const expectNode = requireEntry(problems, map, "expect", `One of ${expectWords.join(", ")}.`)?.value;
  const expect = expectNode ? readWord(problems, expectNode, expectWords) : null;
  const ruleNode = map.entries.get("rule")?.value;
  const rule = ruleNode ? readText(problems, ruleNode, "a rule's name", 600) : null;
  const given = readGiven(problems, map.entries.get("given")?.value);
  return name !== null && call && expect ? { at: map.pointer, name, call, given, expect, rule } : null;
}

/** A call of a test or sample: `{tool, args}`. */
export function readCall(problems: ProblemList, node: TreeNode): PolicyTest["call"] | null {
  const map = readMap(problems, node, callKeys, "a call: `{tool, args}`");
  if (!map) return null;
  const toolNode = requireEntry(problems, map, "tool")?.value;
  const tool = toolNode ? readText(problems, toolNode, "a tool name", nameMax) : null;
  const args = readObject(problems, map.entries.get("args")?.value, "the arguments, a map");
  return tool === null ? null : { tool, args };
}

/** What is given beside a call; what is broken is reported and taken as not given. */
export function readGiven(problems: ProblemList, node: TreeNode | undefined): TestGiven {
  const map = node ? readMap(problems, node, givenKeys, "a map of what is given beside the call") : null;
  const sub = (key: string, keys: readonly string[]): TreeMap | null => {
    const entry = map?.entries.get(key);
    return entry ? readMap(problems, entry.value, keys) : null;
  };
  const grant = sub("grant", grantKeys);
  const tool = sub("tool", toolKeys);
  const category = tool?.entries.get("category")?.value;
  const risk = tool?.entries.get("risk")?.value;
  return {
    state: readState(problems, map?.entries.get("state")?.value),
    grant: {
      id: textIn(problems, grant, "id"),
      label: textIn(problems, grant, "label"),
      tags: readTags(problems, grant),
    },
    server: textIn(problems, sub("server", namedKeys), "name"),
    client: textIn(problems, sub("client", namedKeys), "name"),
    category: category ? readWord(problems, category, toolCategories) : null,
    risk: risk ? readWord(problems, risk, toolRisks) : null,
    annotations: readHints(problems, tool?.entries.get("annotations")?.value),
    meta: readObject(problems, map?.entries.get("meta")?.value, "the request's metadata, a map"),
    now: readInstant(problems, map?.entries.get("now")?.value),
  };
}

function textIn(problems: ProblemList, map: TreeMap | null, key: string): string | null {
  const node = map?.entries.get(key)?.value;
  return node ? readText(problems, node, "a text", nameMax) : null;
}

function readTags(problems: ProblemList, grant: TreeMap | null): readonly string[] | null {
  const node = grant?.entries.get("tags")?.value;
  const items = node ? readList(problems, node, "a list of tags") : null;
  return items && items.map((item) => readText(problems, item, "a tag", nameMax)).filter((tag) => tag !== null);
}

function readState(problems: ProblemList, node: TreeNode | undefined): ReadonlyMap<string, Decimal> {
  const state = new Map<string, Decimal>();
  if (!node) return state;
  if (node.kind !== "map") {
    readMap(problems, node, [], "a map of counters");
    return state;
  }
  for (const [counter, { value }] of node.entries) {
    const used = readNumber(problems, value, "what is already counted, a number");
    if (used && isNegative(used)) problems.error("value", value, "A counter is never negative");
    else if (used) state.set(counter, used);
  }
  return state;
}

function readHints(problems: ProblemList, node: TreeNode | undefined): ReadonlyMap<string, Value> {
  const map = node ? readMap(problems, node, toolHints) : null;
  const entries = [...(map?.entries ?? [])].map(([hint, { value }]) => [hint, readBoolean(problems, value)] as const);
  return new Map(entries.filter(([, value]) => value !== null));
}

function readInstant(problems: ProblemList, node: TreeNode | undefined): string | null {
  const text = node ? readText(problems, node, "a time such as `2026-01-31T12:00:00Z`", 40) : null;
  if (text === null || !node) return null;
  const isInstant = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?Z$/.test(text);
  const ms = isInstant ? Date.parse(text) : NaN;
  // A day that the calendar lacks, such as February 30, is parsed as one of the next month.
  if (!Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text.slice(0, 10))) return text;
  problems.error("value", node, `\`${text}\` is not a time in UTC`, "Write it like `2026-01-31T12:00:00Z`.");
  return null;
}

function readObject(problems: ProblemList, node: TreeNode | undefined, wanted: string): ValueObject {
  if (node?.kind === "map") return new Map([...node.entries].map(([key, entry]) => [key, toValue(entry.value)]));
  if (node) problems.error("type", node, `Expected ${wanted}, found ${wordFor(node)}`);
  return new Map();
}

/** A node of the text as the value that a call would hold. */
export function toValue(node: TreeNode): Value {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toValue);
  return new Map([...node.entries].map(([key, entry]) => [key, toValue(entry.value)]));
}
