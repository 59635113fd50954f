import { decimalOf, parseDecimal, zero } from "@/lib/kernel/decimal";
import { ruleModes } from "@/lib/policy/document";
import type { ApprovalWords, Condition, CounterBound, Counting, Leaf, Rule } from "@/lib/policy/document";
import { parsePath } from "@/lib/policy/path";
import type { Path } from "@/lib/policy/path";
import { windows } from "@/lib/quota/window";
import { oddNumber, oddScalar, oddText } from "./random-tape";
import type { Tape } from "./random-tape";

function pathOf(text: string): Path {
  const read = parsePath(text);
  if (!read.ok) throw new Error(`not a path: ${text}`);
  return read.path;
}

/** Every condition speaks of its own argument, so that no two of them contradict each other. */
let argument = 0;

/** Begins a new document. */
export function restartArguments(): void {
  argument = 0;
}

function oddPath(tape: Tape): Path {
  const name = `a${argument++}`;
  return pathOf(
    tape.pick([
      `args.${name}`,
      `args.deep.${name}`,
      `args.items[*].${name}`,
      `args.list[2].${name}`,
      `args["${name}.dot ted"]`,
      `args["${name}\\"\\\\: #"]`,
      `meta.${name}`,
      `meta["x/${name}"]`,
    ]),
  );
}

function makeLeaf(path: Path, op: Leaf["op"], value: Leaf["value"], skip = false): Leaf {
  return { kind: "leaf", at: "", path, op, value, ifAbsent: skip ? "skip" : "restrict" };
}

function randomLeaf(tape: Tape, guard: boolean): Leaf {
  if (guard && tape.once(4)) {
    return tape.pick([
      makeLeaf(pathOf("grant.label"), "eq", "ci"),
      makeLeaf(pathOf("grant.tags"), "contains", "prod", true),
      makeLeaf(pathOf("time.hour"), "gte", decimalOf(9)),
      makeLeaf(pathOf("time.weekday"), "in", ["saturday", "sunday"]),
      makeLeaf(pathOf("time.date"), "eq", "2026-01-31"),
      makeLeaf(pathOf("tool.risk"), "neq", "low"),
      makeLeaf(pathOf("tool.annotations.readOnlyHint"), "eq", true),
      makeLeaf(pathOf("client.name"), "exists", true),
      makeLeaf(pathOf("server.name"), "glob", "pay*"),
    ]);
  }
  const path = oddPath(tape);
  const kind = tape.below(7);
  if (kind === 0) return makeLeaf(path, "exists", !tape.once(2));
  const skip = tape.once(4);
  if (kind === 1) return makeLeaf(path, tape.pick(["lte", "lt", "gt", "gte"]), oddNumber(tape), skip);
  if (kind === 2) return makeLeaf(path, tape.pick(["eq", "neq"]), oddScalar(tape), skip);
  if (kind === 3)
    return makeLeaf(path, tape.pick(["in", "not_in"]), [oddScalar(tape), ...tape.list(4, () => oddScalar(tape))], skip);
  if (kind === 4)
    return makeLeaf(path, "regex", tape.pick(["^OPS-[0-9]+$", "a: b #c", "[{]x[}]", "\\d+'\"", "."]), skip);
  if (kind === 5) return makeLeaf(path, tape.pick(["contains", "not_contains"]), oddScalar(tape), skip);
  return makeLeaf(path, tape.pick(["starts_with", "ends_with", "glob"]), oddText(tape), skip);
}

function randomCondition(tape: Tape, guard: boolean, depth: number): Condition {
  const kind = depth >= 4 ? 0 : tape.below(8);
  if (kind <= 4) return randomLeaf(tape, guard);
  if (kind === 7) return { kind: "not", item: randomCondition(tape, guard, depth + 1) };
  const items = [
    randomCondition(tape, guard, depth + 1),
    ...tape.list(2, () => randomCondition(tape, guard, depth + 1)),
  ];
  return { kind: kind === 5 ? "any" : "all", items };
}

/** As the reader gives a list: one member stands for itself. */
export function randomConditions(tape: Tape, guard: boolean): Condition {
  const items = [randomCondition(tape, guard, 1), ...tape.list(2, () => randomCondition(tape, guard, 1))];
  const [only] = items;
  return items.length === 1 && only ? only : { kind: "all", items };
}

const memberId = "01902d5c-5b1e-7000-8000-000000000001";

/** What a rule or a document may say of approvals. */
export function randomApproval(tape: Tape): ApprovalWords {
  const approvers = tape.pick<readonly string[] | null>([null, ["policy_manager"], ["admin", memberId]]);
  return {
    timeoutMs: tape.pick<number | null>([null, 1_800_000, 90_000, 604_800_000]),
    approvers,
    quorum: tape.pick<number | null>([null, 1, 2]),
    reasonRequired: tape.pick<boolean | null>([null, true, false]),
  };
}

interface Place {
  readonly tool: string;
  readonly name: string;
}

/** The name under which a block's counters are read. */
export const scopeOf = (tool: string): string => (tool === "*" ? "_global" : tool);

function randomCounting(
  tape: Tape,
  { tool, name }: Place,
  guarded: boolean,
): Pick<Rule, "counting" | "bounds" | "conditions"> {
  const form = tape.pick(["rate_limit", "limit", "state"] as const);
  const window = tape.pick([...windows]);
  const sums = form !== "rate_limit" && tape.once(2);
  const incrementFrom = sums ? pathOf(tape.pick(["args.amount", 'args["total amount"]', "args.lines[0].sum"])) : null;
  const split = form !== "rate_limit";
  const per = split ? tape.pick(["grant", "policy", "server", "org"] as const) : "grant";
  const by = split && tape.once(3) ? [pathOf("args.currency"), ...(tape.once(2) ? [pathOf('args["a b"]')] : [])] : [];
  const counter = {
    rate_limit: `_rate_${window}${guarded ? `/${name}` : ""}`,
    limit: `_limit/${name}`,
    state: `${tape.pick(["daily_spend", "a.b", "with space"])}${name.length}${name}`.slice(0, 100),
  }[form];
  const counting: Counting = {
    at: "",
    form,
    counter,
    window,
    increment: form === "state" && !sums && tape.once(3) ? (parseDecimal("2.5") ?? zero) : decimalOf(1),
    incrementFrom,
    per,
    by,
    onUnknown: tape.once(3) === sums ? "release" : "hold",
    onToolError: tape.once(4) ? "post" : "void",
  };
  const max =
    form === "rate_limit"
      ? decimalOf(tape.below(100))
      : (parseDecimal(tape.pick(["100", "1000000", "0.5", "9007199254740993"])) ?? zero);
  const bound = (inclusive: boolean): CounterBound => ({ at: "", tool: scopeOf(tool), counter, max, inclusive });
  if (form !== "state") return { counting, bounds: [bound(true)], conditions: null };
  const conditions = tape.once(3) ? randomConditions(tape, false) : null;
  const bounds = tape.once(5) && conditions ? [] : [bound(!tape.once(4)), ...(tape.once(6) ? [bound(false)] : [])];
  return { counting, bounds, conditions };
}

/** A rule of any kind that is valid on its own. */
export function randomRule(tape: Tape, place: Place): Rule {
  const kind = tape.below(6);
  const action = kind === 4 ? "deny" : kind === 5 ? "require_approval" : "evaluate";
  const guarded = tape.once(action === "evaluate" ? 3 : 2);
  const when = guarded ? randomConditions(tape, true) : null;
  const nothing = { conditions: null, bounds: [], counting: null };
  const judged =
    action !== "evaluate"
      ? nothing
      : kind <= 1
        ? { ...nothing, conditions: randomConditions(tape, false) }
        : randomCounting(tape, place, guarded);
  return {
    at: "",
    name: place.name,
    description: tape.once(6) ? oddText(tape) : null,
    action,
    mode: tape.once(5) ? tape.pick([...ruleModes]) : "enforce",
    when,
    ...judged,
    approval: action === "require_approval" && tape.once(2) ? randomApproval(tape) : null,
    onDeny: tape.once(3) ? oddText(tape) : null,
  };
}
