import { compare, isDecimal, toText } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import type { LeafTest, ScalarSet } from "./compiled";
import type { Scalar } from "./document";
import { matchesGlob } from "./glob";
import { subjectMax } from "./pattern";
import { absent, either, mistyped, negate, no, toTruth, yes } from "./truth";
import type { Truth } from "./truth";

/**
 * Whether one value meets a comparison. Unknown (`absent`, `mistyped`) whenever the operator cannot judge it: a number
 * written as text never equals, exceeds or escapes a number.
 */
export function judgeValue(test: LeafTest, value: Value | undefined): Truth {
  const { op } = test;
  if (op === "exists") return toTruth((value !== undefined && value !== null) === test.value);
  if (value === undefined) return absent;
  switch (op) {
    case "eq":
      return equals(test.value as Scalar, value);
    case "neq":
      return negate(equals(test.value as Scalar, value));
    case "in":
      return test.members ? isMember(test.members, value) : mistyped;
    case "not_in":
      return test.members ? negate(isMember(test.members, value)) : mistyped;
    case "contains":
      return contains(test.value as Scalar, value);
    case "not_contains":
      return negate(contains(test.value as Scalar, value));
    case "lt":
    case "lte":
    case "gt":
    case "gte":
      return orders(op, test.value, value);
    case "regex":
    case "starts_with":
    case "ends_with":
    case "glob":
      return typeof value === "string" ? judgeText(test, op, value) : mistyped;
  }
}

/** Equal, different, or not comparable. Only null is judged against every type. */
function equals(wanted: Scalar, value: Value): Truth {
  if (wanted === value) return yes;
  if (wanted === null) return no;
  if (isDecimal(wanted)) return isDecimal(value) ? toTruth(compare(wanted, value) === 0) : mistyped;
  return typeof value === typeof wanted ? no : mistyped;
}

function isMember(members: ScalarSet, value: Value): Truth {
  if (typeof value === "string") return members.texts.has(value) ? yes : outside(members, "text");
  if (typeof value === "boolean") return members.words.has(value) ? yes : outside(members, "boolean");
  if (value === null) return members.words.has(null) ? yes : mistyped;
  if (!isDecimal(value)) return members.only === "none" ? no : mistyped;
  const found = Number.isNaN(value.int) ? members.decimals.has(toText(value)) : members.ints.has(value.int);
  return found ? yes : outside(members, "number");
}

/** Not in the list: certain only when every member, null aside, is of the value's type. */
function outside(members: ScalarSet, type: ScalarSet["only"]): Truth {
  return members.only === type || members.only === "none" ? no : mistyped;
}

function contains(wanted: Scalar, value: Value): Truth {
  if (typeof value === "string") return typeof wanted === "string" ? toTruth(value.includes(wanted)) : mistyped;
  if (!Array.isArray(value)) return mistyped;
  let found: Truth = no;
  for (const item of value as readonly Value[]) {
    found = either(found, equals(wanted, item));
    if (found === yes) return yes;
  }
  return found;
}

function orders(op: "lt" | "lte" | "gt" | "gte", bound: LeafTest["value"], value: Value): Truth {
  if (!isDecimal(value) || !isDecimal(bound)) return mistyped;
  const order = compare(value, bound);
  switch (op) {
    case "lt":
      return toTruth(order < 0);
    case "lte":
      return toTruth(order <= 0);
    case "gt":
      return toTruth(order > 0);
    case "gte":
      return toTruth(order >= 0);
  }
}

function judgeText(test: LeafTest, op: "regex" | "starts_with" | "ends_with" | "glob", value: string): Truth {
  const wanted = test.value as string;
  switch (op) {
    case "starts_with":
      return toTruth(value.startsWith(wanted));
    case "ends_with":
      return toTruth(value.endsWith(wanted));
    case "glob":
      return value.length > subjectMax ? mistyped : toTruth(matchesGlob(wanted, value));
    case "regex":
      return value.length > subjectMax || test.pattern === null ? mistyped : toTruth(test.pattern.test(value));
  }
}
