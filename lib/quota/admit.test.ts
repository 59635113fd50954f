import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { add, decimalOf, parseDecimal, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { admit, isNear } from "./admit";
import { counterFamily, counterKey, counterPers, parseCounterKey } from "./key";
import { byValuesText, limitText } from "./limit-text";

const of = (text: string): Decimal => parseDecimal(text) ?? zero;
const upTo = (text: string) => ({ max: of(text), inclusive: true });
const below = (text: string) => ({ max: of(text), inclusive: false });

describe("admit", () => {
  test("lets the last unit in and not one more", () => {
    expect(admit(of("950000"), of("50000"), [upTo("1000000")])).toEqual({ ok: true });
    expect(admit(of("950000"), of("50000.01"), [upTo("1000000")])).toEqual({ ok: false, index: 0 });
    expect(admit(of("9"), of("1"), [below("10")])).toEqual({ ok: false, index: 0 });
    expect(admit(of("8"), of("1"), [below("10")])).toEqual({ ok: true });
  });

  test("names the first bound that refuses, in the order given", () => {
    expect(admit(of("5"), of("5"), [upTo("20"), upTo("9"), upTo("8")])).toEqual({ ok: false, index: 1 });
  });

  test("no bounds, and zero on a full counter, are admitted; a bound below what is used refuses even zero", () => {
    expect(admit(of("5"), of("5"), [])).toEqual({ ok: true });
    expect(admit(of("10"), zero, [upTo("10")])).toEqual({ ok: true });
    expect(admit(of("10"), zero, [upTo("9")])).toEqual({ ok: false, index: 0 });
  });

  test("tenths fill a bound exactly, where doubles would overshoot or stop early", () => {
    let used = zero;
    let count = 0;
    while (admit(used, of("0.1"), [upTo("1")]).ok) {
      used = add(used, of("0.1"));
      count += 1;
    }
    expect(count).toBe(10);
  });

  test("never lets a total above the bound through, for any amounts", () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 20n });
    fc.assert(
      fc.property(amount, amount, amount, fc.boolean(), (used, more, max, inclusive) => {
        const fits = inclusive ? used + more <= max : used + more < max;
        expect(admit(decimalOf(used), decimalOf(more), [{ max: decimalOf(max), inclusive }]).ok).toBe(fits);
      }),
    );
  });
});

describe("isNear", () => {
  test.each<[string, string, boolean]>([
    ["8", "10", true],
    ["7.9999999999999999999", "10", false],
    ["8000", "10000", true],
    ["7999", "10000", false],
    ["0.08", "0.1", true],
    ["0.0799", "0.1", false],
    ["7205759403792794", "9007199254740992", true],
    ["7205759403792793", "9007199254740992", false],
    ["12", "10", true],
    ["0", "0", false],
    ["5", "0", false],
    ["0", "1", false],
  ])("%s of %s: %s", (used, max, near) => {
    expect(isNear(of(used), of(max))).toBe(near);
  });

  test("agrees with the exact fraction, for small and for wide numbers", () => {
    const amount = fc.oneof(fc.bigInt({ min: 0n, max: 100n }), fc.bigInt({ min: 0n, max: 10n ** 20n }));
    fc.assert(
      fc.property(amount, amount, (used, max) => {
        expect(isNear(decimalOf(used), decimalOf(max))).toBe(max > 0n && used * 5n >= max * 4n);
      }),
    );
  });
});

describe("counterKey", () => {
  const scope = { per: "grant", scopeId: "g", policyId: "p", counter: "t.c", meaning: "", by: [] } as const;
  const text = fc.string({ maxLength: 6 });
  const anyScope = fc.record({
    per: fc.constantFrom(...counterPers),
    scopeId: fc.constantFrom("g", "h"),
    policyId: text,
    counter: text,
    meaning: text,
    by: fc.array(text, { maxLength: 3 }),
  });

  test("different scopes never share a key, whatever their names hold", () => {
    fc.assert(
      fc.property(anyScope, anyScope, (a, b) => {
        expect(counterKey(a) === counterKey(b)).toBe(
          JSON.stringify(Object.values(a)) === JSON.stringify(Object.values(b)),
        );
      }),
    );
  });

  test("counters of one family differ in what splits them, and in nothing else", () => {
    fc.assert(
      fc.property(anyScope, anyScope, ({ by: first, ...a }, { by: second, ...b }) => {
        const [left, right] = [
          counterFamily({ ...a, by: [...first, ""] }),
          counterFamily({ ...b, by: [...second, ""] }),
        ];
        expect(left === right).toBe(JSON.stringify(Object.values(a)) === JSON.stringify(Object.values(b)));
      }),
    );
    expect(counterFamily(scope)).toBeNull();
  });

  test("a key reads back as whose it is and what splits it; a shortened one as nothing", () => {
    fc.assert(
      fc.property(anyScope, ({ per, scopeId, by, ...rest }) => {
        expect(parseCounterKey(counterKey({ per, scopeId, by, ...rest }))).toEqual({ per, scopeId, by });
      }),
    );
    for (const other of ["sha256:00", "spend", "[]", '["a",1,"b","c"]', '["policy","p","q","c"]', "{}"]) {
      expect(parseCounterKey(other)).toBeNull();
    }
  });

  test("a counter of one grant keeps the key that it had before there were others", () => {
    expect(counterKey({ ...scope, meaning: "m" })).toBe('["g","p","t.c","m"]');
  });

  test("a split value cannot reach into its neighbour", () => {
    expect(counterKey({ ...scope, by: ['a","b'] })).not.toBe(counterKey({ ...scope, by: ["a", "b"] }));
    expect(counterKey({ ...scope, by: [""] })).not.toBe(counterKey(scope));
  });

  test("a changed meaning is a new counter, the same one is not", () => {
    expect(counterKey({ ...scope, meaning: "1 per day" })).not.toBe(
      counterKey({ ...scope, meaning: "args.amount per day" }),
    );
    expect(counterKey({ ...scope, meaning: "1 per day" })).toBe(counterKey({ ...scope, meaning: "1 per day" }));
  });
});

test("limitText names the bound, the window and its end", () => {
  expect(limitText(of("1000000.50"), "day", "2026-01-02T00:00:00.000Z")).toBe(
    "Limit of 1000000.5 per day reached; resets at 2026-01-02T00:00:00.000Z",
  );
});

test("byValuesText names the rule as its author wrote it", () => {
  expect(byValuesText("/tools/pay/rules/cap ~1 ~0", "hour")).toBe(
    'Denied by rule "cap / ~": more than 1,000 different values in this hour',
  );
});
