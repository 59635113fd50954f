import { expect, test } from "vitest";
import { counterTitle, counterUnit } from "./counter-title";

test.each([
  ["create_charge.daily_spend", [], "create_charge.daily_spend"],
  ["create_charge._limit/daily cap", [], "create_charge: daily cap"],
  ['create_charge["_limit/daily cap"]', ['"usd"'], "create_charge: daily cap [usd]"],
  ["_global._rate_minute", [], "every tool: calls per minute"],
  ["pay._rate_day/at night", [], "pay: at night"],
  ['["a.b"].spent', ['"usd"', "7"], "a.b.spent [usd, 7]"],
])("%s is shown in words", (name, by, shown) => {
  expect(counterTitle(name, by)).toBe(shown);
});

test("rates count calls, everything else counts what the policy says", () => {
  expect([counterUnit("pay._rate_day"), counterUnit("pay.spent")]).toEqual(["calls", "raw"]);
});
