import type { Value } from "@/lib/kernel/value";
import { judgeValue } from "./compare";
import type { LeafTest, Test } from "./compiled";
import type { Recorder } from "./recorder";
import { hasLookalike, resolve, startOf, stepInto } from "./resolve";
import { absent, both, either, mistyped, negate, no, yes } from "./truth";
import type { Truth } from "./truth";
import type { Facts } from "./types";

/** The truth of a condition. With a recorder every part is judged, without one it stops where the rest cannot matter. */
export function judge(test: Test, facts: Facts, recorder: Recorder | null): Truth {
  switch (test.kind) {
    case "leaf":
      return judgeLeaf(test, facts, recorder);
    case "not": {
      recorder?.open("not");
      const truth = negate(judge(test.item, facts, recorder));
      recorder?.close(truth);
      return truth;
    }
    case "all":
    case "any": {
      recorder?.open(test.kind);
      const truth = judgeItems(test.items, test.kind === "all", facts, recorder);
      recorder?.close(truth);
      return truth;
    }
  }
}

function judgeItems(items: readonly Test[], all: boolean, facts: Facts, recorder: Recorder | null): Truth {
  const decisive = all ? no : yes;
  let truth: Truth = all ? yes : no;
  for (const item of items) {
    const next = judge(item, facts, recorder);
    truth = all ? both(truth, next) : either(truth, next);
    if (truth === decisive && recorder === null) return truth;
  }
  return truth;
}

function judgeLeaf(test: LeafTest, facts: Facts, recorder: Recorder | null): Truth {
  const value = test.each ? undefined : resolve(test.path, facts);
  const seen: Value[] | null = recorder && test.each ? [] : null;
  let truth = test.each ? judgeEach(test, startOf(test.path, facts), 0, seen) : judgeValue(test, value);
  if (truth === absent || (value === undefined && test.op === "exists")) truth = settleAbsence(test, facts, truth);
  recorder?.leaf(test, seen ?? value, truth);
  return truth;
}

/** `if_absent: skip` and `exists` rely on absence, and a look-alike key leaves it in doubt. */
function settleAbsence(test: LeafTest, facts: Facts, truth: Truth): Truth {
  if (test.op !== "exists" && !test.skipAbsent) return truth;
  if (hasLookalike(test.path, facts)) return absent;
  return test.op === "exists" ? truth : no;
}

/** `if_absent: skip` does not excuse a wrong type, wherever in the list it stands. */
function joinElements(test: LeafTest, truth: Truth, next: Truth): Truth {
  return test.skipAbsent && truth === absent && next === mistyped ? mistyped : both(truth, next);
}

/** `[*]`: must hold for every element; an empty list is absent, and so is anything that is not a list. */
function judgeEach(test: LeafTest, start: Value | undefined, from: number, seen: Value[] | null): Truth {
  let value = start;
  for (let index = from; index < test.path.steps.length; index++) {
    const step = test.path.steps[index];
    if (!step) break;
    if (step.kind !== "each") {
      value = stepInto(value, step);
      continue;
    }
    const elements = Array.isArray(value) ? (value as readonly Value[]) : [];
    if (elements.length === 0) return judgeValue(test, undefined);
    let truth: Truth = yes;
    for (const element of elements) truth = joinElements(test, truth, judgeEach(test, element, index + 1, seen));
    return truth;
  }
  if (value !== undefined) seen?.push(value);
  return judgeValue(test, value);
}
