import type { DenyReason } from "./types";

/**
 * Three-valued truth (Kleene); the two unknowns keep why: `absent`, or `type` when the operator cannot judge the value.
 * Small numbers, because this is the innermost loop.
 */
export const no = 0;
export const yes = 1;
export const absent = 2;
export const mistyped = 3;
export type Truth = typeof no | typeof yes | typeof absent | typeof mistyped;

/** Not: unknown stays unknown. */
export function negate(truth: Truth): Truth {
  return truth === yes ? no : truth === no ? yes : truth;
}

/** And: false beats unknown beats true; of two unknowns the first stays. */
export function both(a: Truth, b: Truth): Truth {
  if (b === no) return no;
  return a === yes ? b : a;
}

/** Or: true beats unknown beats false; of two unknowns the first stays. */
export function either(a: Truth, b: Truth): Truth {
  if (b === yes) return yes;
  return a === no ? b : a;
}

export function toTruth(holds: boolean): Truth {
  return holds ? yes : no;
}

/** The reason code of a denial that rests on this truth. */
export function reasonOf(truth: Truth): DenyReason {
  switch (truth) {
    case no:
    case yes:
      return "rule";
    case absent:
      return "absent";
    case mistyped:
      return "type";
  }
}
