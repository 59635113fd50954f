import { foldKey } from "@/lib/kernel/fold";
import { judgeValue } from "./compare";
import type { LeafTest, Test } from "./compiled";
import { resolve } from "./resolve";
import { absent, both, either, mistyped, negate, no, yes } from "./truth";
import type { Truth } from "./truth";
import type { Facts } from "./types";

/**
 * A call of the log: everything but the values of its arguments and its metadata, which were never kept. `argKeys` are the
 * top-level keys; `allKeys` is false when the log cut the list.
 */
export interface ValuelessCall {
  readonly facts: Facts;
  readonly argKeys: ReadonlySet<string>;
  readonly allKeys: boolean;
}

/** A set of truth values, one bit each: what a condition may have been. */
export type Possible = number;

const bit = (truth: Truth): Possible => 1 << truth;
const truths: readonly Truth[] = [no, yes, absent, mistyped];
const anything: Possible = bit(no) | bit(yes) | bit(absent) | bit(mistyped);

/** Whether it cannot have been anything else. */
export function isOnly(possible: Possible, truth: Truth): boolean {
  return possible === bit(truth);
}

export function mayBe(possible: Possible, truth: Truth): boolean {
  return (possible & bit(truth)) !== 0;
}

/** What a condition may have been for a call whose values are not known: never narrower than the truth. */
export function possibleTruths(test: Test, call: ValuelessCall): Possible {
  switch (test.kind) {
    case "leaf":
      return possibleLeaf(test, call);
    case "not":
      return mapped(possibleTruths(test.item, call), negate);
    case "all":
      return test.items.reduce<Possible>((sum, item) => joined(sum, possibleTruths(item, call), both), bit(yes));
    case "any":
      return test.items.reduce<Possible>((sum, item) => joined(sum, possibleTruths(item, call), either), bit(no));
  }
}

function mapped(possible: Possible, change: (truth: Truth) => Truth): Possible {
  return truths.reduce<Possible>((sum, truth) => (mayBe(possible, truth) ? sum | bit(change(truth)) : sum), 0);
}

function joined(a: Possible, b: Possible, join: (a: Truth, b: Truth) => Truth): Possible {
  return truths.reduce<Possible>((sum, one) => (mayBe(a, one) ? sum | mapped(b, (other) => join(one, other)) : sum), 0);
}

function possibleLeaf(test: LeafTest, call: ValuelessCall): Possible {
  const { path, op } = test;
  if (path.root === "meta") return anything;
  if (path.root !== "args") return bit(judgeFact(test, call.facts));
  const [first] = path.steps;
  if (first?.kind !== "key") return anything;
  const presence = presenceOf(first.key, call);
  if (presence === "present")
    return op === "exists" && path.steps.length === 1 ? bit(judgeExists(test, true)) : anything;
  if (presence === "unknown") return anything;
  return bit(settledAbsence(test, presence === "lookalike"));
}

function judgeFact(test: LeafTest, facts: Facts): Truth {
  const truth = judgeValue(test, resolve(test.path, facts));
  return truth === absent && test.skipAbsent ? no : truth;
}

function judgeExists(test: LeafTest, present: boolean): Truth {
  return present === test.value ? yes : no;
}

/** The same as in a judged call: a look-alike leaves absence in doubt. */
function settledAbsence(test: LeafTest, lookalike: boolean): Truth {
  if (test.op === "exists") return lookalike ? absent : judgeExists(test, false);
  return test.skipAbsent && !lookalike ? no : absent;
}

/** Whether the call had the argument at all. */
export function presenceOf(key: string, call: ValuelessCall): "present" | "absent" | "lookalike" | "unknown" {
  if (call.argKeys.has(key)) return "present";
  if (!call.allKeys) return "unknown";
  const fold = foldKey(key);
  for (const other of call.argKeys) if (foldKey(other) === fold) return "lookalike";
  return "absent";
}
