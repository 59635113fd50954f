import { describe, expect, test } from "vitest";
import { decimalOf, parseDecimal } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import { compilePolicy, planFor } from "./compile";
import type { Plan, QuickPath } from "./compiled";
import { parsePolicy } from "./parse";
import { passesQuickly } from "./quick";

/** The plan of `pay` with these rules, one condition list or rule per line. */
function planOf(...rules: readonly string[]): Plan {
  const written = rules.map((rule, index) =>
    rule.startsWith("[") ? `{ name: r${index}, conditions: ${rule} }` : `{ name: r${index}, ${rule} }`,
  );
  const parsed = parsePolicy(`version: "1"\ndefault: deny\ntools: { pay: { rules: [${written.join(", ")}] } }`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return planFor(compilePolicy(parsed.document, { digest: (text) => text }), "pay");
}

const leaf = (op: string, value: string, path = "args.a"): string => `{ path: '${path}', op: ${op}, value: ${value} }`;
const open: Omit<QuickPath, "key"> = {
  ...{ below: null, bounded: false, least: -Infinity, most: Infinity, texts: null, prefix: null },
};
const rest = (plan: Plan): string[] => plan.rest.map(({ name }) => name);
const number = (text: string): Value => parseDecimal(text);

describe("what one look at an argument settles", () => {
  test.each<[string, string, Partial<QuickPath>]>([
    ["exists", "true", {}],
    ["eq", "5", { bounded: true, least: 5, most: 5 }],
    ["eq", "usd", { texts: new Set(["usd"]) }],
    ["lte", "5", { bounded: true, most: 5 }],
    ["lt", "5", { bounded: true, most: 4 }],
    ["gte", "5", { bounded: true, least: 5 }],
    ["gt", "5", { bounded: true, least: 6 }],
    ["in", "[usd, eur]", { texts: new Set(["usd", "eur"]) }],
    ["starts_with", "usd", { prefix: "usd" }],
  ])("%s %s", (op, value, asked) => {
    const plan = planOf(`[${leaf(op, value)}]`);
    expect(plan.quick).toEqual([{ ...open, key: "a", ...asked }]);
    expect(rest(plan)).toEqual([]);
  });

  test.each([
    ["exists", "false"],
    ["eq", "5.5"],
    ["lte", "0.5"],
    ["gte", "0.5"],
    ["eq", "true"],
    ["eq", "null"],
    ["in", "[1, 2]"],
    ["in", "[usd, 1]"],
    ["neq", "5"],
    ["not_in", "[usd]"],
    ["regex", "usd"],
    ["contains", "usd"],
    ["not_contains", "usd"],
    ["ends_with", "usd"],
    ["glob", "usd"],
  ])("%s %s is judged by its rule", (op, value) => {
    const plan = planOf(`[${leaf(op, value)}]`);
    expect([plan.quick, rest(plan)]).toEqual([[], ["r0"]]);
  });

  test("a path of one or two plain keys, and no other", () => {
    expect(planOf(`[${leaf("lte", "5", "args.a.b")}]`).quick).toEqual([
      { ...open, key: "a", below: "b", bounded: true, most: 5 },
    ]);
    for (const path of ["args.a.b.c", "args.a[0]", "args.a[*]", "meta.a", "args.a.b[0]"]) {
      const plan = planOf(`[${leaf("exists", "true", path)}]`);
      expect([path, plan.quick, rest(plan)]).toEqual([path, [], ["r0"]]);
    }
  });

  test("sums of a counter: the amount is there and not negative", () => {
    const plan = planOf("limit: { sum: args.a, max: 10, window: day }");
    expect([plan.quick, rest(plan)]).toEqual([[{ ...open, key: "a", bounded: true, least: 0 }], []]);
    expect(planOf("rate_limit: 5/day")).toMatchObject({ quick: [], rest: [] });
  });

  test("rules that deny, hold, depend on a guard or split a counter are always judged", () => {
    const guard = `when: [${leaf("eq", "1", "args.g")}]`;
    const rules = [
      ...["action: deny", `action: require_approval`, `${guard}, conditions: [${leaf("lte", "5")}]`],
      "limit: { max: 10, window: day, by: [args.a] }",
    ];
    const plan = planOf(...rules);
    expect([plan.quick, rest(plan)]).toEqual([[], ["r0", "r1", "r2", "r3"]]);
  });

  test("groups: `all` is taken apart, with anything else the whole rule is judged", () => {
    const all = planOf(`[{ all: [${leaf("gte", "1")}, { all: [${leaf("lte", "9")}] }] }]`);
    expect([all.quick, rest(all)]).toEqual([[{ ...open, key: "a", bounded: true, least: 1, most: 9 }], []]);
    for (const group of [
      `{ any: [${leaf("gte", "1")}] }`,
      `{ not: ${leaf("gte", "1")} }`,
      leaf("neq", "3", "args.b"),
    ]) {
      const plan = planOf(`[${leaf("lte", "9")}, ${group}]`);
      expect([plan.quick, rest(plan)]).toEqual([[], ["r0"]]);
    }
  });

  test("requirements of many rules on one argument are joined, those of others stand apart", () => {
    const plan = planOf(
      ...[`[${leaf("lte", "9")}]`, `[${leaf("lt", "8")}, ${leaf("gte", "1")}]`, `[${leaf("gt", "-3")}]`],
      ...[`[${leaf("in", "[usd, eur, gbp]", "args.c")}]`, `[${leaf("in", "[eur, gbp, chf]", "args.c")}]`],
      ...[`[${leaf("starts_with", "us", "args.p")}]`, `[${leaf("starts_with", "usd", "args.p")}]`],
      ...[`[${leaf("starts_with", "u", "args.p")}]`, `[${leaf("eq", "eur", "args.c")}]`],
    );
    expect(plan.quick).toEqual([
      { ...open, key: "a", bounded: true, least: 1, most: 7 },
      { ...open, key: "c", texts: new Set(["eur"]) },
      { ...open, key: "p", prefix: "usd" },
    ]);
    expect(rest(plan)).toEqual([]);
  });

  test("two beginnings that no text has together: the second rule is judged, the first stays", () => {
    const plan = planOf(
      `[${leaf("starts_with", "us")}]`,
      `[${leaf("starts_with", "eu")}, ${leaf("lte", "5", "args.b")}]`,
    );
    expect([plan.quick, rest(plan)]).toEqual([[{ ...open, key: "a", prefix: "us" }], ["r1"]]);
  });
});

describe("the look itself", () => {
  const passes = (quick: Partial<QuickPath>, value: Value | undefined): boolean =>
    passesQuickly([{ ...open, key: "a", ...quick }], new Map(value === undefined ? [] : [["a", value]]));
  const bounded = { bounded: true, least: 1, most: 9 };

  test.each<[string, Partial<QuickPath>, Value | undefined, boolean]>([
    ["anything that is there", {}, false, true],
    ["nothing there", {}, undefined, false],
    ["null", {}, null, false],
    ["the least", bounded, decimalOf(1), true],
    ["below the least", bounded, decimalOf(0), false],
    ["the most", bounded, decimalOf(9), true],
    ["above the most", bounded, decimalOf(10), false],
    ["a fraction, which the rule judges", bounded, number("1.5"), false],
    ["a text for a number", bounded, "5", false],
    ["a listed text", { texts: new Set(["usd"]) }, "usd", true],
    ["another text", { texts: new Set(["usd"]) }, "eur", false],
    ["a number for a text", { texts: new Set(["5"]) }, decimalOf(5), false],
    ["a text that begins so", { prefix: "us" }, "usd", true],
    ["a text that begins otherwise", { prefix: "us" }, "eus", false],
    ["a boolean for a beginning", { prefix: "tr" }, true, false],
    ["a key below a map", { below: "b" }, new Map<string, Value>([["b", "x"]]), true],
    ["another key below a map", { below: "b" }, new Map<string, Value>([["c", "x"]]), false],
    ["a key below a text", { below: "b" }, "b", false],
  ])("%s", (_, quick, value, expected) => {
    expect(passes(quick, value)).toBe(expected);
  });

  test("every path has to pass", () => {
    const paths = [
      { ...open, key: "a" },
      { ...open, key: "b" },
    ];
    expect(passesQuickly(paths, new Map<string, Value>([["a", "x"]]))).toBe(false);
    expect(passesQuickly(paths, new Map<string, Value>([["b", "x"]]))).toBe(false);
    expect(passesQuickly(paths, new Map<string, Value>(["a", "b"].map((key) => [key, "x"])))).toBe(true);
    expect(passesQuickly([], new Map())).toBe(true);
  });
});
