import Oracle from "decimal.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { add, compare, decimalOf, isDecimal, isNegative, parseDecimal, subtract, toText, zero } from "./decimal";
import type { Decimal } from "./decimal";

Oracle.set({ precision: 200, toExpNeg: -200, toExpPos: 200 });

function read(text: string): Decimal {
  const value = parseDecimal(text);
  if (!value) throw new Error(`not read: ${text}`);
  return value;
}

/** Numbers as JSON writes them: every digit count, sign, point and exponent that is in range, and some outside. */
const numberText = fc
  .tuple(
    fc.boolean(),
    fc.bigInt({ min: 0n, max: 10n ** 31n }),
    fc.option(fc.stringMatching(/^[0-9]{1,12}$/), { nil: null }),
    fc.option(fc.tuple(fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), fc.nat(34)), { nil: null }),
  )
  .map(([negative, whole, fraction, exponent]) =>
    [negative ? "-" : "", whole, fraction === null ? "" : `.${fraction}`, exponent?.join("") ?? ""].join(""),
  );

describe("parseDecimal", () => {
  test("agrees with decimal.js on the value and on what is in range", () => {
    fc.assert(
      fc.property(numberText, (text) => {
        const oracle = new Oracle(text);
        const written = Math.abs(Number(/[eE](.*)$/.exec(text)?.[1] ?? 0));
        const inRange = written <= 30 && oracle.precision() <= 30 && (oracle.isZero() || Math.abs(oracle.e) <= 30);
        const value = parseDecimal(text);
        expect(value !== null).toBe(inRange);
        if (value) expect(new Oracle(toText(value)).equals(oracle)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ["9007199254740993", "9007199254740993"],
    ["0.1", "0.1"],
    ["-0", "0"],
    ["-0.0e5", "0"],
    ["1E2", "100"],
    ["1e+2", "100"],
    ["1.000000000000000001", "1.000000000000000001"],
    ["1e30", "1" + "0".repeat(30)],
    ["1e-30", "0." + "0".repeat(29) + "1"],
    ["1.50", "1.5"],
    ["100e-2", "1"],
    ["123456789012345678901234567890", "123456789012345678901234567890"],
  ])("W2 %s is exact", (text, plain) => {
    expect(toText(read(text))).toBe(plain);
  });

  test.each([
    "1e31",
    "1e-31",
    "1e999",
    "-1e999",
    "0e31",
    "10e30",
    "1".repeat(31),
    "9".repeat(400),
    "1" + "0".repeat(31),
  ])("W2 %s is out of range", (text) => {
    expect(parseDecimal(text)).toBeNull();
  });

  test.each([
    "",
    " 1",
    "1 ",
    "+1",
    ".5",
    "5.",
    "01",
    "-",
    "1e",
    "1e+",
    "0x10",
    "1_000",
    "NaN",
    "Infinity",
    "१",
    "1,0",
    "--1",
  ])("refuses what JSON does not call a number: %j", (text) => {
    expect(parseDecimal(text)).toBeNull();
  });

  test("refuses hostile runs of zeros without slowing down", () => {
    expect(parseDecimal(`1${"0".repeat(900)}1`)).toBeNull();
    expect(parseDecimal(`0.${"0".repeat(1_000_000)}1`)).toBeNull();
  });
});

describe("arithmetic", () => {
  const value = numberText.map((text) => parseDecimal(text)).filter((found) => found !== null);
  const oracle = (a: Decimal): Oracle => new Oracle(toText(a));

  test("sums, differences, order and sign agree with decimal.js", () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(oracle(add(a, b)).equals(oracle(a).plus(oracle(b)))).toBe(true);
        expect(oracle(subtract(a, b)).equals(oracle(a).minus(oracle(b)))).toBe(true);
        expect(compare(a, b)).toBe(oracle(a).comparedTo(oracle(b)));
        expect(compare(b, a) + compare(a, b)).toBe(0);
        expect(isNegative(a)).toBe(oracle(a).lessThan(0));
      }),
      { numRuns: 3000 },
    );
  });

  test("equal values have equal fields, however they were made", () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(subtract(add(a, b), b)).toEqual(a);
        expect(read(toText(a).length > 30 ? "0" : toText(a))).toEqual(toText(a).length > 30 ? zero : a);
      }),
    );
  });

  test("a hundred thousand tenths are exactly ten thousand", () => {
    const tenth = read("0.1");
    let sum = zero;
    for (let count = 0; count < 100_000; count++) sum = add(sum, tenth);
    expect(toText(sum)).toBe("10000");
  });

  test("neighbours beyond 2^53 stay apart", () => {
    expect(compare(read("9007199254740993"), read("9007199254740992"))).toBe(1);
    expect(compare(decimalOf(9007199254740991), read("9007199254740993"))).toBe(-1);
  });

  test("a double that is not a safe integer is refused, not rounded", () => {
    expect(() => decimalOf(2 ** 53)).toThrow();
    expect(() => decimalOf(0.5)).toThrow();
    expect(decimalOf(-0)).toEqual(zero);
    expect(decimalOf(2n ** 64n).coefficient).toBe(2n ** 64n);
  });

  test("nothing that JSON can hold passes for a decimal", () => {
    const likeness: unknown = JSON.parse('{"coefficient": 1, "exponent": 0, "int": 1}');
    for (const value of [likeness, 1, "1", null, undefined, [], new Map(), {}]) expect(isDecimal(value)).toBe(false);
    expect(isDecimal(read("1"))).toBe(true);
  });
});
