import fc from "fast-check";
import { expect, test } from "vitest";
import { decimalOf, parseDecimal } from "@/lib/kernel/decimal";
import { canonical } from "./canonical";
import type { CanonicalValue } from "./canonical";

test("members are ordered by UTF-16 code units, not by code point or locale (RFC 8785, section 3.2.3)", () => {
  const value = new Map(
    ["\u20ac", "\r", "\ufb33", "1", "\ud83d\ude00", "\u0080", "\u00f6"].map((name) => [name, true]),
  );
  expect(canonical(value)).toBe(
    '{"\\r":true,"1":true,"\u0080":true,"\u00f6":true,"\u20ac":true,"\ud83d\ude00":true,"\ufb33":true}',
  );
});

test("strings are escaped as RFC 8785, section 3.2.2.2 does", () => {
  expect(canonical('\u20ac$\u000f\nA\'B"\\\\"/\u007f')).toBe('"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u007f"');
});

test("numbers are exact: neighbours that share a double keep two texts, equal values share one", () => {
  const texts = ["9007199254740992", "9007199254740993"].map((text) => canonical(parseDecimal(text) ?? null));
  expect(texts).toEqual(["9007199254740992", "9007199254740993"]);
  expect(canonical(parseDecimal("1.10") ?? null)).toBe("1.1");
  expect(canonical(parseDecimal("1e2") ?? null)).toBe("100");
  expect(canonical(-0)).toBe("0");
  expect(canonical({ a: decimalOf(5), b: 5, c: 5n })).toBe('{"a":5,"b":5,"c":5}');
});

test("inexact numbers and broken Unicode are refused, not written", () => {
  for (const value of [0.5, NaN, Infinity, 2 ** 53, "\ud800", "a\udc00"]) {
    expect(() => canonical(value)).toThrow("internal");
    expect(() => canonical({ inside: [value] })).toThrow("internal");
  }
  expect(() => canonical({ ["\ud800"]: 1 })).toThrow("internal");
});

test("`__proto__` is a plain name", () => {
  expect(canonical(new Map([["__proto__", 1]]))).toBe('{"__proto__":1}');
});

const json = fc.letrec<{ value: CanonicalValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.string({ unit: "binary" }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: "binary" }), tie("value"), { maxKeys: 4 }),
  ),
})).value;

test("the text reads back as the same value and does not depend on member order", () => {
  fc.assert(
    fc.property(json, (value) => {
      const text = canonical(value);
      const back = JSON.parse(text) as CanonicalValue;
      expect(canonical(back)).toBe(text);
      expect(canonical(reversed(back))).toBe(text);
      expect(back).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("L4 different values have different texts", () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
      expect(canonical(a) === canonical(b)).toBe(same);
    }),
  );
});

type Plain = Record<string, CanonicalValue>;

function reversed(value: CanonicalValue): CanonicalValue {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return (value as CanonicalValue[]).map(reversed);
  return new Map(
    Object.entries(value as Plain)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  );
}

/** A second, slow way to compare: nested [name, value] pairs, sorted, tagged so that lists and objects never look alike. */
function sorted(value: CanonicalValue): unknown {
  if (value === 0) return 0;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return ["list", ...(value as CanonicalValue[]).map(sorted)];
  const pairs = Object.entries(value as Plain).map(([name, member]) => [name, sorted(member)] as const);
  return ["object", ...pairs.sort(([a], [b]) => (a < b ? -1 : 1))];
}
