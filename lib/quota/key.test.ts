import { describe, expect, test } from "vitest";
import { parseDecimal, zero } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { isNear } from "./admit";
import { counterFamily, counterKey, parseCounterKey } from "./key";
import type { CounterScope } from "./key";

const scope: CounterScope = {
  ...{ per: "grant", scopeId: "s", policyId: "p", counter: "pay.spent", meaning: "1 per day", by: [] },
};

describe("the text under which a counter is stored", () => {
  test("never changes, or every count would begin anew", () => {
    expect(counterKey(scope)).toBe('["s","p","pay.spent","1 per day"]');
    expect(counterKey({ ...scope, per: "org", by: ["usd"] })).toBe('["org","s","p","pay.spent","1 per day","usd"]');
    expect(counterFamily({ ...scope, by: ["usd"] })).toBe('["family","s","p","pay.spent","1 per day"]');
    expect(counterFamily(scope)).toBeNull();
  });

  test("is read back, also when an id is one of the words", () => {
    expect(parseCounterKey(counterKey({ ...scope, scopeId: "grant" }))).toEqual({
      per: "grant",
      scopeId: "grant",
      by: [],
    });
    expect(parseCounterKey(counterKey({ ...scope, per: "server", by: ["usd", "1"] }))).toEqual({
      ...{ per: "server", scopeId: "s", by: ["usd", "1"] },
    });
  });

  test.each(["", "{", "{}", "[]", '["s"]', '["s","p","c"]', '["s","p","c",1]', '["org","s","p","c"]', "null"])(
    "is nothing else: %s",
    (text) => expect(parseCounterKey(text)).toBeNull(),
  );
});

describe("near", () => {
  const decimal = (text: string): Decimal => parseDecimal(text) ?? zero;
  test.each([
    ["80", "100", true],
    ["79.99", "100", false],
    ["90", "100.5", true],
    ["80.39", "100.5", false],
    ["0.8", "1", true],
    ["8000000000000000000000", "10000000000000000000000", true],
    ["7999999999999999999999", "10000000000000000000000", false],
    ["0", "0", false],
    ["0", "1", false],
  ])("%s of %s: %s", (used, max, near) => {
    expect(isNear(decimal(used), decimal(max))).toBe(near);
  });
});
