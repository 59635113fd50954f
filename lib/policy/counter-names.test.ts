import { describe, expect, test } from "vitest";
import { decimalOf, zero } from "@/lib/kernel/decimal";
import { counterNames, findCounter, usedFrom } from "./counter-names";
import type { PolicyDocument } from "./document";
import { parsePolicy } from "./parse";
import { counterLabel } from "./split";
import type { CounterDemand } from "./types";

function documentOf(text: string): PolicyDocument {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.document;
}

const names = counterNames(
  documentOf(`
version: "1"
default: deny
tools:
  pay:
    rules:
      - { name: cap, limit: { max: 5, window: day, by: [args.currency] } }
      - { name: two words, limit: { max: 5, window: day } }
      - { name: spent, limit: { max: 5, window: day } }
      - { name: count, conditions: [{ path: state.pay.spent, op: lte, value: 5 }], state: { counter: spent, window: day } }
      - { name: rate, rate_limit: 5/day }
      - { name: gone, mode: off, limit: { max: 5, window: day } }
  a.b:
    rules: [{ name: cap, limit: { max: 5, window: day } }]
  "*":
    rules: [{ name: all, limit: { max: 5, window: day } }]
`),
);

function demand(counter: string, by: readonly string[] = []): CounterDemand {
  const rest = { meaning: "", window: "day", amount: zero, per: "grant", limits: [] } as const;
  return { counter, by, onUnknown: "hold", onToolError: "void", ...rest };
}

describe("names that people write for counters", () => {
  test.each([
    ["pay.cap", "pay._limit/cap"],
    ["pay._limit/cap", "pay._limit/cap"],
    ["pay.two words", 'pay["_limit/two words"]'],
    ['pay["two words"]', 'pay["_limit/two words"]'],
    ['pay["_limit/two words"]', 'pay["_limit/two words"]'],
    ["pay.spent", "pay.spent"],
    ["pay._limit/spent", "pay._limit/spent"],
    ["pay._rate_day", "pay._rate_day"],
    ["a.b.cap", '["a.b"]._limit/cap'],
    ['["a.b"].cap', '["a.b"]._limit/cap'],
    ["_global.all", "_global._limit/all"],
    ["pay.cap[usd]", "pay._limit/cap[usd]"],
    ['pay.cap["a b","c"]', 'pay._limit/cap["a b","c"]'],
    ['pay.cap["a[b"]', 'pay._limit/cap["a[b"]'],
    ['pay.cap["a]b[c"]', 'pay._limit/cap["a]b[c"]'],
    ["pay.two words[1]", 'pay["_limit/two words"][1]'],
  ])("%s means %s", (written, label) => {
    expect(findCounter(written, names)).toEqual({ label });
  });

  test.each([
    "",
    "pay",
    "cap",
    "pay.gone",
    "pay.rate",
    "pay.cap[usd",
    "pay.cap usd]",
    "[usd]",
    "*.all",
    "pay.cap[usd]x",
    "constructor",
  ])("%j means nothing", (written) => {
    expect(findCounter(written, names)).toBeNull();
  });
});

describe("what is already counted", () => {
  const of = (entries: [string, number][]) => usedFrom(new Map(entries.map(([key, n]) => [key, decimalOf(n)])), names);

  test("is that of the very value, else that of all values, else unsaid", () => {
    const used = of([
      ["pay.cap[usd]", 1],
      ["pay.cap", 9],
    ]);
    expect(used(demand("pay._limit/cap", ['"usd"']))).toEqual(decimalOf(1));
    expect(used(demand("pay._limit/cap", ['"eur"']))).toEqual(decimalOf(9));
    expect(used(demand("pay._limit/cap"))).toEqual(decimalOf(9));
    expect(used(demand("pay.spent"))).toBeUndefined();
  });
});

test.each([
  [[], "c"],
  [['"usd"'], "c[usd]"],
  [['"a.b:c@d-e_f"'], "c[a.b:c@d-e_f]"],
  [['"USD"', '"_x"'], "c[USD,_x]"],
  [["1", "true"], "c[1,true]"],
  [['"1"', '"true"', '"false"'], 'c["1","true","false"]'],
  [['"a,b"'], 'c["a,b"]'],
  [['""'], 'c[""]'],
  [['"a b"'], 'c["a b"]'],
  [['"a\\"b"'], 'c["a\\"b"]'],
  [['"truer"'], "c[truer]"],
])("a counter split by %j is shown as %s", (by, label) => {
  expect(counterLabel("c", by)).toBe(label);
});
