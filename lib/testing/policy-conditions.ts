import fc from "fast-check";
import { Num } from "./policy-oracle-values";
import type { Json, JsonObject } from "./policy-oracle-values";

// Random conditions over everything that a path can name, each of them one that the check accepts.

const num = (text: string): Json => new Num(text);
const number = fc.constantFrom("-5", "0", "1", "2.5", "10", "1e1", "100", "9007199254740993", "0.1").map(num);
const scalar: fc.Arbitrary<Json> = fc.oneof(
  number,
  fc.constantFrom<Json>("a", "usd", "USD", "5", "true", "prod", ""),
  fc.constantFrom<Json>(true, false, null),
);
const list = (of: fc.Arbitrary<Json>) => fc.array(of, { minLength: 1, maxLength: 4 });

type Rest = { op: string; value: Json };
const rest = (op: fc.Arbitrary<string>, value: fc.Arbitrary<Json>): fc.Arbitrary<Rest> => fc.record({ op, value });
const anyOp = fc.oneof(
  rest(fc.constantFrom("eq", "neq", "contains", "not_contains"), scalar),
  rest(fc.constantFrom("in", "not_in"), list(scalar)),
  rest(fc.constantFrom("lt", "lte", "gt", "gte"), number),
  rest(fc.constant("exists"), fc.boolean()),
  rest(fc.constant("regex"), fc.constantFrom<Json>("^u", "s", "[0-9]+", "^$", "^(usd|eur)$", "\\d")),
  rest(fc.constantFrom("starts_with", "ends_with"), fc.constantFrom<Json>("u", "d", "US", "5")),
  rest(fc.constant("glob"), fc.constantFrom<Json>("u*", "*", "?s?", "**d", "5")),
);
const words = (...known: string[]) =>
  fc.oneof(
    rest(fc.constantFrom("eq", "neq"), fc.constantFrom<Json>(...known)),
    rest(fc.constantFrom("in", "not_in"), list(fc.constantFrom<Json>(...known))),
    rest(fc.constant("exists"), fc.boolean()),
    rest(fc.constantFrom("starts_with", "ends_with", "regex", "glob"), fc.constantFrom<Json>(...known)),
  );
const upTo = (most: number) =>
  fc.oneof(
    rest(
      fc.constantFrom("eq", "neq", "lt", "lte", "gt", "gte"),
      fc.integer({ min: 0, max: most }).map((n) => num(`${n}`)),
    ),
    rest(fc.constantFrom("in", "not_in"), list(fc.integer({ min: 0, max: most }).map((n) => num(`${n}`)))),
  );

const requestPaths = [
  "args.a",
  "args.a",
  "args.amount",
  "args.currency",
  "args.deep.b",
  "args.deep.amount",
  "args.l[0]",
  "args.l[*]",
  "args.l[*].n",
  "args.l[1].n",
  'args["a.b"]',
  "args.__proto__",
  "args.__proto__.b",
  "args.constructor",
  "meta.trace",
  'meta["x/pay"].amount',
];
const facts: [string, fc.Arbitrary<Rest>][] = [
  ["grant.id", words("g1", "g2")],
  ["grant.label", words("ci", "support")],
  ["grant.tags", rest(fc.constantFrom("contains", "not_contains"), fc.constantFrom<Json>("finance", "eu", "x"))],
  ["server.name", words("payments", "mail")],
  ["client.name", words("claude", "cursor")],
  ["tool.name", words("t1", "a.b", "nobody")],
  ["tool.category", words("read", "financial")],
  ["tool.risk", words("low", "critical")],
  [
    "tool.annotations.readOnlyHint",
    fc.oneof(rest(fc.constantFrom("eq", "neq"), fc.boolean()), rest(fc.constant("exists"), fc.boolean())),
  ],
  ["tool.annotations.openWorldHint", rest(fc.constantFrom("eq", "exists"), fc.boolean())],
  ["time.hour", upTo(23)],
  ["time.minute", upTo(59)],
  ["time.weekday", words("monday", "saturday", "sunday")],
  [
    "time.date",
    rest(fc.constantFrom("eq", "starts_with", "neq"), fc.constantFrom<Json>("2026-01-31", "2024-02-29", "2027-01-01")),
  ],
];

const requestLeaf = fc
  .record({ path: fc.constantFrom(...requestPaths), rest: anyOp, skip: fc.nat(5) })
  .map(({ path, rest: { op, value }, skip }): JsonObject => {
    return { path, op, value, ...(skip === 0 && op !== "exists" ? { if_absent: "skip" } : {}) };
  });
const factLeaf = fc.oneof(...facts.map(([path, arbitrary]) => arbitrary.map((one): JsonObject => ({ path, ...one }))));
/** Leaves that ordinary calls meet, so that not everything ends in a denial. */
const easyLeaf: fc.Arbitrary<JsonObject> = fc.constantFrom<JsonObject>(
  { path: "grant.id", op: "exists", value: true },
  { path: "args.amount", op: "gte", value: num("0") },
  { path: "args.currency", op: "in", value: ["usd", "eur", "USD"] },
  { path: "time.hour", op: "gte", value: num("0") },
);

const leaf = fc.oneof(
  { weight: 4, arbitrary: requestLeaf },
  { weight: 2, arbitrary: factLeaf },
  { weight: 4, arbitrary: easyLeaf },
);

/** What a call meets more often than not, by one look at an argument. */
export const plainLeaf: fc.Arbitrary<JsonObject> = fc.oneof(
  fc.record({
    path: fc.constantFrom("args.amount", "args.amount", "args.n", "args.deep.amount"),
    op: fc.constantFrom("lte", "gte", "lt", "gt"),
    value: fc.constantFrom("0", "100", "2.5", "9007199254740991", "9007199254740993", "-1").map(num),
  }),
  fc.constantFrom<JsonObject>(
    { path: "args.currency", op: "in", value: ["usd", "eur", "USD"] },
    { path: "args.currency", op: "in", value: ["usd", null] },
    { path: "args.currency", op: "starts_with", value: "us" },
    { path: "args.currency", op: "starts_with", value: "u" },
    { path: "args.currency", op: "eq", value: "usd" },
    { path: "args.currency", op: "exists", value: true },
    { path: "args.a", op: "exists", value: true },
    { path: "args.deep.b", op: "exists", value: true },
    { path: "args.amount", op: "eq", value: num("10") },
  ),
);

/** A condition, nested a few levels. */
export const condition: fc.Arbitrary<JsonObject> = fc.letrec<{ cond: JsonObject }>((tie) => ({
  cond: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 5, arbitrary: leaf },
    fc.record({ not: tie("cond") }),
    fc.record({ any: fc.array(tie("cond"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ all: fc.array(tie("cond"), { minLength: 1, maxLength: 3 }) }),
  ),
})).cond;

export function conditions(minLength: number): fc.Arbitrary<Json[]> {
  return fc.array<Json>(condition, { minLength, maxLength: 2 });
}
