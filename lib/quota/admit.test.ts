import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { add, decimalOf, parseDecimal, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { admit } from "./admit";
import { counterKey } from "./key";
import { limitText } from "./limit-text";

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

describe("counterKey", () => {
  const scope = { grantId: "g", policyId: "p", counter: "t.c" };

  test("different scopes never share a key, whatever their names hold", () => {
    const text = fc.string({ maxLength: 6 });
    const record = fc.record({
      grantId: text,
      policyId: text,
      counter: text,
      meaning: text,
      by: fc.array(text, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(record, record, (a, b) => {
        expect(counterKey(a) === counterKey(b)).toBe(
          JSON.stringify(Object.values(a)) === JSON.stringify(Object.values(b)),
        );
      }),
    );
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
