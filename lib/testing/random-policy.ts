import fc from "fast-check";
import { decimalOf, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import type { Value, ValueObject } from "@/lib/kernel/value";
import { expectWords } from "@/lib/policy/document";
import type { PolicyDocument, PolicyTest, Rule, ToolBlock } from "@/lib/policy/document";
import { counterName } from "@/lib/policy/path";
import { layOut } from "./random-policy-text";
import { randomApproval, randomConditions, randomRule, restartArguments, scopeOf } from "./random-rule";
import { oddNumber, oddScalar, oddText, Tape } from "./random-tape";

/** A valid document, the text of one way to write it, and a tape for what a test still wants to choose. */
export interface RandomPolicy {
  readonly document: PolicyDocument;
  readonly text: string;
  readonly tape: Tape;
}

/** Whole documents that hold every construct of the language, written with comments, odd layout and odd quoting. */
export function randomPolicies(): fc.Arbitrary<RandomPolicy> {
  return fc.tuple(fc.uint16Array({ maxLength: 90, size: "max" }), fc.nat(), fc.nat()).map(([shape, layout, rest]) => {
    const document = randomDocument(new Tape(shape));
    return { document, text: layOut(document, Tape.ofSeed(layout)), tape: Tape.ofSeed(rest) };
  });
}

function randomTool(tape: Tape, tool: string): ToolBlock {
  const rules = tape.list(3, (index) => {
    const name = tape.once(3) ? `${oddText(tape)}${index}` : `rule ${index + 1}`;
    return randomRule(tape, { tool, name });
  });
  return { at: "", name: tool, rules };
}

/** Now and then a rule limits a counter that another rule moves. */
function withReaders(tape: Tape, tools: readonly ToolBlock[]): ToolBlock[] {
  const owned = tools.flatMap((block) =>
    block.rules.flatMap(({ counting, mode }) => (counting && mode !== "off" ? [{ block, counting, mode }] : [])),
  );
  return tools.map((block) => {
    const [first, ...others] = owned;
    if (!first || !tape.once(5)) return block;
    const { block: owner, counting, mode } = tape.pick([first, ...others]);
    const bound = {
      at: "",
      tool: scopeOf(owner.name),
      counter: counting.counter,
      max: decimalOf(7),
      inclusive: !tape.once(2),
    };
    const place = { tool: block.name, name: "reads another counter" };
    const plain = {
      at: "",
      name: place.name,
      description: null,
      // An enforced limit on what only a shadow rule counts is an error.
      mode,
      when: null,
      approval: null,
      onDeny: null,
    } as const;
    const conditions = tape.once(2) ? randomConditions(tape, false) : null;
    const reader: Rule = { ...plain, action: "evaluate", conditions, bounds: [bound], counting: null };
    return { ...block, rules: [...block.rules, reader] };
  });
}

function randomValue(tape: Tape, depth: number): Value {
  const kind = depth >= 3 ? 0 : tape.below(5);
  if (kind === 3) return tape.list(2, () => randomValue(tape, depth + 1));
  return kind === 4 ? randomObject(tape, depth + 1) : oddScalar(tape);
}

function randomObject(tape: Tape, depth: number): ValueObject {
  return new Map(tape.list(2, () => [oddText(tape), randomValue(tape, depth)] as const));
}

function randomTest(tape: Tape, index: number, counters: readonly string[]): PolicyTest {
  const some = <T>(value: T): T | null => (tape.once(3) ? value : null);
  return {
    at: "",
    name: `${oddText(tape)} ${index}`,
    call: { tool: tape.pick(["create_charge", "yes", "a b"]), args: randomObject(tape, 1) },
    given: {
      state: new Map(counters.filter(() => tape.once(2)).map((counter) => [counter, oddNumberFromZero(tape)])),
      grant: { id: some("grant-1"), label: some(oddText(tape)), tags: some(tape.list(2, () => oddText(tape))) },
      server: some("payments"),
      client: some(oddText(tape)),
      category: some("financial"),
      risk: some("critical"),
      annotations: tape.once(4) ? new Map([["readOnlyHint", tape.once(2)]]) : new Map<string, Value>(),
      meta: tape.once(4) ? randomObject(tape, 1) : new Map<string, Value>(),
      now: some("2026-01-31T12:00:00Z"),
    },
    expect: tape.pick([...expectWords]),
    rule: some(oddText(tape)),
  };
}

function oddNumberFromZero(tape: Tape): Decimal {
  const number = oddNumber(tape);
  return number.coefficient < 0n ? zero : number;
}

/** A document that every check accepts (warnings aside), built from a tape. */
export function randomDocument(tape: Tape): PolicyDocument {
  restartArguments();
  const names = ["create_charge", "create_*", "*", "list_customers", "yes", "12", "odd: #name", "Größe", "a.b"];
  const start = tape.below(names.length);
  const [hasTests, hasApprovals] = [tape.once(4), tape.once(6)];
  const tools = tape.list(3, (index) => randomTool(tape, names[(start + index) % names.length] ?? "x"));
  const hidden = ["delete_customer", "drop_*", "*", "no", "a: b", "create_charge"];
  const given = tape.below(3);
  const blocks = withReaders(tape, tools);
  const counters = blocks.flatMap((block) =>
    block.rules.flatMap(({ counting, mode }) =>
      counting && mode !== "off" ? [counterName(scopeOf(block.name), counting.counter)] : [],
    ),
  );
  return {
    version: "1",
    description: tape.once(3) ? oddText(tape) : null,
    default: given === 2 ? "allow" : "deny",
    defaultGiven: given !== 0,
    hide: hidden.filter(() => tape.once(6)).map((pattern) => ({ at: "", pattern })),
    tools: blocks,
    methods: ["resources/read", "prompts/*", "odd: one"]
      .filter(() => tape.once(6))
      .map((pattern) => ({ pattern, action: tape.pick(["deny", "allow"]) })),
    approvals: hasApprovals ? randomApproval(tape) : null,
    tests: hasTests ? [0, ...tape.list(1, () => 1)].map((index) => randomTest(tape, index, counters)) : [],
  };
}
