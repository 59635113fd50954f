/** What the `value` of a condition must be, per operator. */
export type ValueKind = "scalar" | "list" | "number" | "pattern" | "text" | "boolean";

/** Every operator of the language; the first eleven are those of the original one. */
export const operators = {
  eq: "scalar",
  neq: "scalar",
  in: "list",
  not_in: "list",
  lt: "number",
  lte: "number",
  gt: "number",
  gte: "number",
  regex: "pattern",
  contains: "scalar",
  exists: "boolean",
  not_contains: "scalar",
  starts_with: "text",
  ends_with: "text",
  glob: "text",
} as const satisfies Record<string, ValueKind>;

export type Operator = keyof typeof operators;

export const operatorNames = Object.keys(operators) as Operator[];

export function isOperator(word: string): word is Operator {
  return Object.hasOwn(operators, word);
}
