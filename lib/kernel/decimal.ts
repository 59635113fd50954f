import { AppError } from "./errors";

/**
 * An exact decimal: `coefficient × 10^exponent`. Normalised, so equal values have equal fields: the exponent is never
 * positive, and a negative one means that the last digit of the coefficient is not zero. Immutable.
 */
export interface Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;
  /** The value as a double when it is a whole number within ±(2^53 − 1), otherwise NaN. Spares bigint work on the hot path. */
  readonly int: number;
}

/** The widest number that is read: significant digits, and the power of ten of its first digit (also as written). */
export interface NumberLimits {
  readonly digits: number;
  readonly exponent: number;
}

/** The language's own range (docs/policy-language.md, "Numbers"). */
export const numberLimits: NumberLimits = { digits: 30, exponent: 30 };

const powers: bigint[] = [1n];

/** 10^n as a bigint; the table only grows to the largest exponent that limits let in. */
function power(n: number): bigint {
  for (let known = powers.length; known <= n; known++) powers.push((powers[known - 1] ?? 1n) * 10n);
  return powers[n] ?? 10n ** BigInt(n);
}

function make(coefficient: bigint, exponent: number): Decimal {
  const whole = exponent === 0 ? Number(coefficient) : NaN;
  return { coefficient, exponent, int: Number.isSafeInteger(whole) ? whole : NaN };
}

function normalise(coefficient: bigint, exponent: number): Decimal {
  if (exponent > 0) return make(coefficient * power(exponent), 0);
  let rest = coefficient;
  let scale = exponent;
  while (scale < 0 && rest % 10n === 0n) {
    rest /= 10n;
    scale += 1;
  }
  return make(rest, scale);
}

/** The decimal of a whole number. Throws `internal` for a double that is not a safe integer: such a value is already inexact. */
export function decimalOf(int: number | bigint): Decimal {
  if (typeof int === "bigint") return make(int, 0);
  if (!Number.isSafeInteger(int)) throw new AppError("internal", { detail: "decimalOf needs a safe integer" });
  return { coefficient: BigInt(int), exponent: 0, int: int === 0 ? 0 : int };
}

export const zero: Decimal = Object.freeze(decimalOf(0));

/** No text in range needs more; a longer one is only padding with zeros. */
const textMax = 1024;

const grammar = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/;

/**
 * Reads a JSON number (RFC 8259, section 6) exactly. Null for any other text, for more than 30 significant digits and
 * for an exponent outside ±30, whether written or that of the first digit. `-0` is 0.
 */
export function parseDecimal(text: string, limits: NumberLimits = numberLimits): Decimal | null {
  const match = text.length > textMax ? null : grammar.exec(text);
  if (!match) return null;
  const [, sign = "", whole = "", fraction = "", written = "0"] = match;
  const shift = Number(written);
  if (Math.abs(shift) > limits.exponent) return null;
  const digits = (whole + fraction).replace(/^0+/, "");
  if (digits === "") return zero;
  const significant = digits.slice(0, endOfDigits(digits));
  if (significant.length > limits.digits) return null;
  const exponent = shift - fraction.length + (digits.length - significant.length);
  if (Math.abs(exponent + significant.length - 1) > limits.exponent) return null;
  const coefficient = BigInt(significant);
  return normalise(sign === "" ? coefficient : -coefficient, exponent);
}

/** Length without trailing zeros; a loop, because `/0+$/` takes quadratic time on hostile digits. */
function endOfDigits(digits: string): number {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end -= 1;
  return end;
}

/** True for a `Decimal`. A JSON text can never give an object that holds a bigint, so the field is its own brand. */
export function isDecimal(value: unknown): value is Decimal {
  return typeof value === "object" && value !== null && typeof (value as Partial<Decimal>).coefficient === "bigint";
}

/** The exact sum. */
export function add(a: Decimal, b: Decimal): Decimal {
  const exponent = Math.min(a.exponent, b.exponent);
  return normalise(
    a.coefficient * power(a.exponent - exponent) + b.coefficient * power(b.exponent - exponent),
    exponent,
  );
}

/** The exact difference `a − b`. */
export function subtract(a: Decimal, b: Decimal): Decimal {
  return add(a, make(-b.coefficient, b.exponent));
}

/** Exact numeric order: −1 when `a < b`, 0 when equal, 1 when `a > b`. */
export function compare(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const difference = a.int - b.int;
  if (difference > 0) return 1;
  if (difference < 0) return -1;
  if (difference === 0) return 0;
  const exponent = Math.min(a.exponent, b.exponent);
  const left = a.coefficient * power(a.exponent - exponent);
  const right = b.coefficient * power(b.exponent - exponent);
  return left > right ? 1 : left < right ? -1 : 0;
}

export function isNegative(a: Decimal): boolean {
  return a.coefficient < 0n;
}

/** Plain normalised text without exponent or needless zeros (`0.1`, `1000000`, `-2.5`), fit for SQL `numeric` and canonical JSON. */
export function toText(a: Decimal): string {
  if (a.exponent === 0) return a.coefficient.toString();
  const negative = a.coefficient < 0n;
  const digits = (negative ? -a.coefficient : a.coefficient).toString().padStart(1 - a.exponent, "0");
  const point = digits.length + a.exponent;
  return `${negative ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`;
}
