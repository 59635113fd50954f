import Exactly from "decimal.js";

// Values, paths and operators of the policy language for the oracle: plain data, slow, and none of the evaluator's parts.

const Big = Exactly.clone({ precision: 120, toExpNeg: -9e15, toExpPos: 9e15 });

/** A number of a policy or a call, as it is written. */
export class Num {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Json = null | boolean | string | Num | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** True, false, or unknown with the reason for it. */
export type Three = true | false | "absent" | "type";

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Num);
}

/** A member that an object has of its own. */
export function own(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

export function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** Plain text of a number, without exponent or needless zeros. */
export function plainNumber(text: string): string {
  return new Big(text).toFixed();
}

export function sum(a: string, b: string): string {
  return new Big(a).plus(b).toFixed();
}

/** −1, 0 or 1. */
export function order(a: string, b: string): number {
  return new Big(a).comparedTo(b);
}

export function not(truth: Three): Three {
  if (truth === true) return false;
  if (truth === false) return true;
  return truth;
}

export function all(truths: Three[]): Three {
  if (truths.includes(false)) return false;
  return truths.find((truth) => truth !== true) ?? true;
}

export function any(truths: Three[]): Three {
  return not(all(truths.map(not)));
}

export type Step = { key: string } | { index: number } | "each";

/** The steps of a path, its root first: `args.a["b"][0][*]`. */
export function stepsOf(path: string): Step[] {
  const steps: Step[] = [];
  let rest = path;
  while (rest !== "") {
    if (rest.startsWith('["')) {
      const end = rest.indexOf('"]') + 2;
      steps.push({ key: JSON.parse(rest.slice(1, end - 1)) as string });
      rest = rest.slice(end);
    } else if (rest.startsWith("[*]")) {
      steps.push("each");
      rest = rest.slice(3);
    } else if (rest.startsWith("[")) {
      const end = rest.indexOf("]");
      steps.push({ index: Number(rest.slice(1, end)) });
      rest = rest.slice(end + 1);
    } else {
      const from = rest.startsWith(".") ? 1 : 0;
      let end = from;
      while (end < rest.length && !".[".includes(rest.charAt(end))) end += 1;
      steps.push({ key: rest.slice(from, end) });
      rest = rest.slice(end);
    }
  }
  return steps;
}

/** Every value that a path leads to; undefined stands for one that is not there. */
export function valuesAt(from: Json | undefined, steps: Step[]): (Json | undefined)[] {
  const [step, ...rest] = steps;
  if (step === undefined) return [from];
  if (step === "each") {
    const items = listOf(from);
    return items.length === 0 ? [undefined] : items.flatMap((item) => valuesAt(item, rest));
  }
  if ("index" in step) return valuesAt(listOf(from)[step.index], rest);
  return valuesAt(own(from, step.key), rest);
}

/** Whether, on the way, a key is missing while another one differs from it by case or form alone. */
export function hasVariant(from: Json | undefined, steps: Step[]): boolean {
  const [step, ...rest] = steps;
  if (step === undefined) return false;
  if (step === "each") return listOf(from).some((item) => hasVariant(item, rest));
  if ("index" in step) return hasVariant(listOf(from)[step.index], rest);
  if (!isObject(from)) return false;
  if (Object.hasOwn(from, step.key)) return hasVariant(from[step.key], rest);
  const plain = (key: string): string => key.normalize("NFKC").toUpperCase().toLowerCase();
  return Object.keys(from).some((key) => plain(key) === plain(step.key));
}

function typeName(value: Json): string {
  if (value === null) return "null";
  if (value instanceof Num) return "number";
  return Array.isArray(value) ? "list" : typeof value;
}

function same(wanted: Json, given: Json): Three {
  if (wanted === null) return given === null;
  if (typeName(wanted) !== typeName(given)) return "type";
  return wanted instanceof Num && given instanceof Num ? order(wanted.text, given.text) === 0 : wanted === given;
}

/** `*` is any run of characters, `?` one. */
export function globMatches(pattern: string, text: string): boolean {
  const [first] = pattern;
  if (first === undefined) return text === "";
  const rest = pattern.slice(1);
  if (first === "*") return globMatches(rest, text) || (text !== "" && globMatches(pattern, text.slice(1)));
  return text !== "" && (first === "?" || first === text[0]) && globMatches(rest, text.slice(1));
}

const subjectMax = 65_536;

function compareText(op: string, wanted: string, given: string): Three {
  const long = given.length > subjectMax;
  if (op === "starts_with") return given.slice(0, wanted.length) === wanted;
  if (op === "ends_with") return wanted === "" || given.slice(-wanted.length) === wanted;
  if (op === "glob") return long ? "type" : globMatches(wanted, given);
  return long ? "type" : new RegExp(wanted, "u").test(given);
}

function holds(wanted: Json, given: Json): Three {
  if (Array.isArray(given)) return any([false, ...given.map((item) => same(wanted, item))]);
  return typeof given === "string" && typeof wanted === "string"
    ? wanted === "" || given.split(wanted).length > 1
    : "type";
}

/** One comparison of one value. */
export function compareValue(op: string, wanted: Json, given: Json | undefined): Three {
  if (op === "exists") return (given !== undefined && given !== null) === wanted;
  if (given === undefined) return "absent";
  switch (op) {
    case "eq":
      return same(wanted, given);
    case "neq":
      return not(same(wanted, given));
    case "in":
      return any(listOf(wanted).map((item) => same(item, given)));
    case "not_in":
      return not(any(listOf(wanted).map((item) => same(item, given))));
    case "contains":
      return holds(wanted, given);
    case "not_contains":
      return not(holds(wanted, given));
    case "lt":
    case "lte":
    case "gt":
    case "gte": {
      if (!(given instanceof Num) || !(wanted instanceof Num)) return "type";
      const found = order(given.text, wanted.text);
      return found === 0 ? op.endsWith("e") : found < 0 === op.startsWith("l");
    }
    default:
      return typeof given === "string" && typeof wanted === "string" ? compareText(op, wanted, given) : "type";
  }
}
