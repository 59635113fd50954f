import { decimalOf, toText } from "@/lib/kernel/decimal";
import type {
  ApprovalWords,
  Condition,
  CounterBound,
  Counting,
  Leaf,
  MethodLine,
  PolicyDocument,
  PolicyTest,
  Rule,
  Scalar,
} from "./document";
import { durationText } from "./duration";
import { blockList, blockMap, isSameNode, isSameScalar, lineList, lineMap, valueNode } from "./text-node";
import type { TextMap, TextNode } from "./text-node";

/** How a text spells what the language lets one spell in two ways. */
export interface RuleSpelling {
  /** The key of the guard on `require_approval`. */
  readonly guard: "when" | "conditions";
  /** Places of the members of `conditions`, so that bounds on counters stay where they stood. */
  readonly order: readonly ("condition" | "bound")[];
  /** Where the time to decide stands: in `approval`, or by itself as `approval_timeout`. */
  readonly timeout: "inside" | "alone";
  /** Whether several members stand in an `all` of their own, which means the same. */
  readonly wrapped: { readonly guard: boolean; readonly conditions: boolean };
}

const plainSpelling: RuleSpelling = {
  guard: "when",
  order: [],
  timeout: "inside",
  wrapped: { guard: false, conditions: false },
};
const unit = decimalOf(1);

/** The whole document as it is written: keys in the order of the language, nothing that goes without saying. */
export function documentNode(
  document: PolicyDocument,
  spellings: ReadonlyMap<Rule, RuleSpelling> = new Map(),
): TextMap {
  const tools = document.tools.map(({ name, rules }) => {
    const list = blockList(rules.map((rule) => ruleNode(rule, spellings.get(rule))));
    return [name, blockMap([["rules", list]])] as const;
  });
  const { methods, tests, hide } = document;
  return blockMap(
    [
      ["version", document.version],
      ["description", document.description ?? undefined],
      ["default", document.defaultGiven ? document.default : undefined],
      ["hide", hide.length > 0 ? lineList(hide.map((line) => line.pattern)) : undefined],
      ["tools", tools.length > 0 ? { ...blockMap(tools, true), ordered: true } : lineMap([])],
      ["methods", methods.length > 0 ? methodsNode(methods) : undefined],
      ["approvals", document.approvals ? approvalNode(document.approvals) : undefined],
      ["tests", tests.length > 0 ? blockList(tests.map(testNode)) : undefined],
    ],
    true,
  );
}

function methodsNode(methods: readonly MethodLine[]): TextMap {
  return { ...blockMap(methods.map((line) => [line.pattern, line.action])), ordered: true };
}

/** Whether two documents say the same; places in their texts do not count. */
export function isSamePolicy(a: PolicyDocument, b: PolicyDocument): boolean {
  // Where `default` is not written, it is `deny`; the order of tools and hidden names is part of the document.
  return isSameNode(orderedNode(a), orderedNode(b));
}

/** Whether two rules say the same, each within its block. */
export function isSameRule(a: Rule, b: Rule): boolean {
  const [one, other] = [a, b].map((rule) =>
    lineMap([
      ["rule", ruleNode(rule)],
      ["bounds", lineList(rule.bounds.map(boundNode))],
      ["counter", rule.counting?.counter],
      ["increment", rule.counting?.increment],
      ["form", rule.counting?.form],
    ]),
  );
  return isSameNode(one, other);
}

export function isSameTest(a: PolicyTest, b: PolicyTest): boolean {
  return isSameNode(testNode(a), testNode(b));
}

/** Whether two conditions are written the same; null is none. */
export function isSameCondition(a: Condition | null, b: Condition | null): boolean {
  return a === null || b === null ? a === b : isSameNode(conditionNode(a), conditionNode(b));
}

function orderedNode(document: PolicyDocument): TextNode {
  return lineMap([
    ["document", documentNode(document)],
    ["default", document.default],
    ["tools", lineList(document.tools.map((block) => block.name))],
    ["methods", lineList(document.methods.map((line) => line.pattern))],
  ]);
}

/** One rule; a key that says what would be so without it is left out. */
export function ruleNode(rule: Rule, spelling: RuleSpelling = plainSpelling): TextMap {
  const { counting } = rule;
  const guard = rule.when ? blockList(listNodes(rule.when, spelling.wrapped.guard)) : undefined;
  const short = counting !== null && counting.form !== "state";
  const [bound] = rule.bounds;
  const conditions = short ? undefined : requirementsNode(rule, spelling);
  const asConditions = rule.action === "require_approval" && spelling.guard === "conditions";
  return blockMap([
    ["name", rule.name],
    ["action", rule.action === "evaluate" ? undefined : rule.action],
    ["when", asConditions ? undefined : guard],
    ["conditions", asConditions ? guard : conditions],
    ["on_deny", rule.onDeny ?? undefined],
    ["rate_limit", counting?.form === "rate_limit" && bound ? `${toText(bound.max)}/${counting.window}` : undefined],
    ["limit", counting?.form === "limit" && bound ? limitNode(counting, bound) : undefined],
    ["state", counting?.form === "state" ? stateNode(counting) : undefined],
    ...approvalEntries(rule.approval, spelling.timeout),
    ["on_unknown", counting && counting.onUnknown !== usualUnknown(counting) ? counting.onUnknown : undefined],
    ["on_tool_error", counting && counting.onToolError !== "void" ? counting.onToolError : undefined],
    ["mode", rule.mode === "enforce" ? undefined : rule.mode],
    ["description", rule.description ?? undefined],
  ]);
}

/** What a lost outcome does to the quota when the rule does not say. */
export function usualUnknown(counting: Pick<Counting, "incrementFrom">): Counting["onUnknown"] {
  return counting.incrementFrom ? "hold" : "release";
}

function limitNode(counting: Counting, bound: CounterBound): TextMap {
  return lineMap([
    ["sum", counting.incrementFrom?.text],
    ["max", bound.max],
    ["window", counting.window],
    ...splitEntries(counting),
  ]);
}

function stateNode(counting: Counting): TextMap {
  const { increment, incrementFrom } = counting;
  return lineMap([
    ["counter", counting.counter],
    ["window", counting.window],
    ["increment", incrementFrom || isSameScalar(increment, unit) ? undefined : increment],
    ["increment_from", incrementFrom?.text],
    ...splitEntries(counting),
  ]);
}

function splitEntries({ per, by }: Counting): [string, TextNode | string | undefined][] {
  return [
    ["per", per === "grant" ? undefined : per],
    ["by", by.length > 0 ? lineList(by.map((path) => path.text)) : undefined],
  ];
}

function approvalEntries(words: ApprovalWords | null, timeout: RuleSpelling["timeout"]): [string, TextNode | string][] {
  if (!words) return [];
  if (timeout === "inside" || words.timeoutMs === null) return [["approval", approvalNode(words)]];
  const others = approvalNode({ ...words, timeoutMs: null });
  const alone: [string, string] = ["approval_timeout", durationText(words.timeoutMs)];
  return others.entries.length > 0 ? [["approval", others], alone] : [alone];
}

function approvalNode(words: ApprovalWords): TextMap {
  return lineMap([
    ["timeout", words.timeoutMs === null ? undefined : durationText(words.timeoutMs)],
    ["approvers", words.approvers ? lineList(words.approvers) : undefined],
    ["quorum", words.quorum === null ? undefined : decimalOf(words.quorum)],
    ["reason_required", words.reasonRequired ?? undefined],
  ]);
}

/** A condition list: `all` of several is the list itself, unless the text wraps it. */
function listNodes(condition: Condition | null, wrapped: boolean): TextNode[] {
  const nodes = conditionItems(condition).map(conditionNode);
  return wrapped && nodes.length > 1 ? [blockMap([["all", blockList(nodes)]])] : nodes;
}

/** The members of the list that a condition is written as. */
export function conditionItems(condition: Condition | null): readonly Condition[] {
  if (condition === null) return [];
  return condition.kind === "all" && condition.items.length > 1 ? condition.items : [condition];
}

function requirementsNode(rule: Rule, { order, wrapped }: RuleSpelling): TextNode | undefined {
  const conditions = listNodes(rule.conditions, wrapped.conditions);
  const bounds = rule.bounds.map(boundNode);
  const items: TextNode[] = [];
  for (const kind of order) {
    const next = (kind === "bound" ? bounds : conditions).shift();
    if (next) items.push(next);
  }
  items.push(...conditions, ...bounds);
  return items.length > 0 ? blockList(items) : undefined;
}

function conditionNode(condition: Condition): TextNode {
  switch (condition.kind) {
    case "leaf":
      return leafNode(condition);
    case "all":
    case "any":
      return blockMap([[condition.kind, blockList(condition.items.map(conditionNode))]]);
    case "not":
      return blockMap([["not", conditionNode(condition.item)]]);
  }
}

function leafNode({ path, op, value, ifAbsent }: Leaf): TextMap {
  const written = Array.isArray(value) ? lineList(value as readonly Scalar[]) : (value as Scalar);
  return lineMap([
    ["path", path.text],
    ["op", op],
    ["value", written],
    ["if_absent", ifAbsent === "skip" ? "skip" : undefined],
  ]);
}

function boundNode({ tool, counter, max, inclusive }: CounterBound): TextMap {
  return lineMap([
    ["path", `state${stepText(tool)}${stepText(counter)}`],
    ["op", inclusive ? "lte" : "lt"],
    ["value", max],
  ]);
}

/** One key of a path: bare where the grammar has it mean a key, otherwise in brackets and quotes. */
export function stepText(key: string): string {
  const bare = /^[^.[\]"\s]+$/.test(key) && !/^[0-9]+$/.test(key);
  return bare ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function testNode(test: PolicyTest): TextMap {
  const { call } = test;
  const given = givenNode(test.given);
  const args = call.args.size > 0 ? valueNode(call.args) : undefined;
  const callNode = lineMap([
    ["tool", call.tool],
    ["args", args],
  ]);
  return blockMap([
    ["name", test.name],
    ["call", callNode],
    ["given", given.entries.length > 0 ? given : undefined],
    ["expect", test.expect],
    ["rule", test.rule ?? undefined],
  ]);
}

function givenNode(given: PolicyTest["given"]): TextMap {
  const { grant } = given;
  const map = (entries: [string, TextNode | string | undefined][]): TextMap | undefined => {
    const node = lineMap(entries);
    return node.entries.length > 0 ? node : undefined;
  };
  const state = lineMap([...given.state]);
  return lineMap([
    ["state", given.state.size > 0 ? state : undefined],
    [
      "grant",
      map([
        ["id", grant.id ?? undefined],
        ["label", grant.label ?? undefined],
        ["tags", grant.tags ? lineList(grant.tags) : undefined],
      ]),
    ],
    ["server", map([["name", given.server ?? undefined]])],
    ["client", map([["name", given.client ?? undefined]])],
    [
      "tool",
      map([
        ["category", given.category ?? undefined],
        ["risk", given.risk ?? undefined],
        ["annotations", given.annotations.size > 0 ? valueNode(given.annotations) : undefined],
      ]),
    ],
    ["meta", given.meta.size > 0 ? valueNode(given.meta) : undefined],
    ["now", given.now ?? undefined],
  ]);
}
