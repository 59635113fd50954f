import fc from "fast-check";
import { condition, conditions, plainLeaf } from "./policy-conditions";
import { Num, isObject, listOf, textOf } from "./policy-oracle-values";
import type { Json, JsonObject } from "./policy-oracle-values";
import type { OracleCall } from "./policy-oracle";

// Random policies and calls as plain JSON, and the text that a person could have written for them.

const num = (text: string): Json => new Num(text);

const windows = fc.constantFrom("minute", "hour", "day", "week", "month");
const pers = fc.constantFrom("grant", "policy", "server", "org");
const splits = fc.uniqueArray(fc.constantFrom("args.currency", "args.amount", "args.n", 'args["a.b"]'), {
  minLength: 1,
  maxLength: 2,
});
const sums = fc.constantFrom("args.amount", "args.amount", "args.amount", "args.amount", "args.n", "args.l[0]");
const maxima = fc
  .constantFrom("0", "1", "2.5", "10", "100", "100", "1e3", "9007199254740993", "999999999999999999999999999999")
  .map(num);
const counterName = fc.constantFrom("spent", "spent", "n", "constructor");
const chance = (freq: number) => {
  return <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined, freq });
};
const half = chance(2);
const often = chance(6);
function seldom<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

/** Drops keys that were not drawn, so that they are not written. */
function compact(object: Record<string, Json | undefined>): JsonObject {
  const entries = Object.entries(object).filter((entry): entry is [string, Json] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}

const people = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];
const approval = fc
  .record({
    timeout: half(fc.constantFrom("10s", "90s", "30m", "8h", "2d", "7d")),
    approvers: half(
      fc.uniqueArray(fc.constantFrom("admin", "policy_manager", "viewer", ...people), { minLength: 1, maxLength: 3 }),
    ),
    quorum: half(fc.constantFrom("1", "1.0").map(num)),
    reason_required: half(fc.boolean()),
  })
  .map(compact);

const common = {
  when: half(conditions(1)),
  on_deny: seldom(fc.constantFrom("No.", 'Not "today": ask a person', "nein — wirklich")),
  mode: seldom(fc.constantFrom("shadow", "shadow", "off", "enforce")),
  description: seldom(fc.constant("why it is here")),
};
const settle = {
  on_unknown: seldom(fc.constantFrom("hold", "release")),
  on_tool_error: seldom(fc.constantFrom("void", "post")),
};

/** A reference to a counter that is filled in when all counters of the policy are known. */
interface Look {
  pick: number;
  op: string;
  value: Json;
}
const look = fc.record({ pick: fc.nat(20), op: fc.constantFrom("lte", "lt"), value: maxima });

/** A rule before its name; `looks` become conditions on counters, `__counter` marks the one that its own bound is on. */
interface Draft {
  body: JsonObject;
  looks: Look[];
}

const check: fc.Arbitrary<Draft> = fc
  .record({ ...common, conditions: conditions(1), looks: fc.array(look, { maxLength: 1 }) })
  .map(({ looks, ...body }) => ({ body: compact(body), looks }));
/** Plain requirements on few arguments, as most policies have them. */
const plain: fc.Arbitrary<Draft> = fc
  .record({ on_deny: common.on_deny, conditions: fc.array(plainLeaf, { minLength: 1, maxLength: 3 }) })
  .map((body) => ({ body: compact(body), looks: [] }));
const deny: fc.Arbitrary<Draft> = fc
  .record({ ...common, when: conditions(1) })
  .map((body) => ({ body: compact({ action: "deny", ...body }), looks: [] }));
const flat: fc.Arbitrary<Draft> = fc
  .record({ ...common, when: fc.constant(undefined) })
  .map((body) => ({ body: compact({ action: "deny", ...body }), looks: [] }));
const hold: fc.Arbitrary<Draft> = fc
  .record({
    ...common,
    other: half(conditions(1)),
    approval: half(approval),
    approval_timeout: seldom(fc.constantFrom("15m", "24h")),
  })
  .map(({ when, other, approval: words, approval_timeout, ...body }) => {
    const timeout = words && "timeout" in words ? undefined : approval_timeout;
    const guard = when === undefined ? { conditions: other } : { when };
    return {
      body: compact({ action: "require_approval", ...body, ...guard, approval: words, approval_timeout: timeout }),
      looks: [],
    };
  });
const rate: fc.Arbitrary<Draft> = fc
  .record({ ...common, ...settle, count: fc.constantFrom("0", "1", "5", "10", "100"), window: windows })
  .map(({ count, window, ...body }) => ({ body: compact({ ...body, rate_limit: `${count}/${window}` }), looks: [] }));
const limit: fc.Arbitrary<Draft> = fc
  .record({
    ...common,
    ...settle,
    limit: fc
      .record({ sum: often(sums), max: maxima, window: windows, per: seldom(pers), by: half(splits) })
      .map(compact),
  })
  .map((body) => ({ body: compact(body), looks: [] }));
const state: fc.Arbitrary<Draft> = fc
  .record({
    ...common,
    ...settle,
    conditions: seldom(conditions(1)),
    looks: fc.array(look, { maxLength: 2 }),
    state: fc
      .record({
        counter: counterName,
        window: windows,
        increment_from: often(sums),
        per: seldom(pers),
        by: half(splits),
        increment: fc.constantFrom("1", "2.5", "10").map(num),
      })
      .map(({ increment, ...rest }) =>
        compact(rest.increment_from === undefined ? { ...rest, increment } : { ...rest }),
      ),
  })
  .map(({ looks, ...body }) => ({ body: compact(body), looks }));
const lookOnly: fc.Arbitrary<Draft> = fc
  .record({ ...common, looks: fc.array(look, { minLength: 1, maxLength: 2 }) })
  .map(({ looks, ...body }) => ({ body: compact(body), looks }));

const draft = fc.oneof(
  { weight: 4, arbitrary: check },
  { weight: 4, arbitrary: plain },
  { weight: 3, arbitrary: deny },
  { weight: 1, arbitrary: flat },
  { weight: 4, arbitrary: hold },
  { weight: 3, arbitrary: rate },
  { weight: 4, arbitrary: limit },
  { weight: 4, arbitrary: state },
  { weight: 2, arbitrary: lookOnly },
);

export const blockNames = ["t1", "t2", "t*", "*", "t?", "a.b", "x/y~z"];
const ruleNames = ["cap", "r/1", "r~2", "daily spend", "ä"];

interface Named {
  name: string;
  rules: Draft[];
}

/** A counter that conditions may refer to. */
interface Known {
  tool: string;
  counter: string;
}

/** A block counts each of its counters once; a second rule that would is left without its counter. */
function withoutTwins({ name, rules }: Named): Named {
  const seen = new Set<string>();
  const kept = rules.filter(({ body }) => {
    const counter = isObject(body["state"]) && body["mode"] !== "off" ? textOf(body["state"]["counter"]) : null;
    if (counter === null) return true;
    const fresh = !seen.has(counter);
    seen.add(counter);
    return fresh;
  });
  return { name, rules: kept };
}

function countersOf(blocks: Named[]): Known[] {
  return blocks.flatMap(({ name, rules }) =>
    rules.flatMap(({ body }) => {
      if (!isObject(body["state"]) || body["mode"] === "off") return [];
      return [{ tool: name === "*" ? "_global" : name, counter: textOf(body["state"]["counter"]) ?? "" }];
    }),
  );
}

function statePath({ tool, counter }: Known): string {
  return /^[\w*?]+$/.test(tool) ? `state.${tool}.${counter}` : `state[${JSON.stringify(tool)}].${counter}`;
}

/** The rule with a name and with its references to counters written out; null when it would say nothing. */
function finish({ body, looks }: Draft, name: string, known: Known[]): JsonObject | null {
  const bounds = looks.flatMap(({ pick, op, value }) => {
    const target = known[pick % Math.max(known.length, 1)];
    return target ? [{ path: statePath(target), op, value }] : [];
  });
  const joined = [...listOf(body["conditions"]), ...bounds];
  const says = ["action", "rate_limit", "limit", "state"].some((key) => key in body);
  if (joined.length === 0) return says ? { name, ...body } : null;
  return { name, ...body, conditions: joined };
}

const rulesOf = fc.array(draft, { maxLength: 4 });

/** A policy without errors, except that requirements may contradict each other. */
export const policyArbitrary: fc.Arbitrary<JsonObject> = fc
  .record({
    allows: fc.constantFrom(undefined, "deny", "allow"),
    hide: seldom(fc.subarray(["t2", "h*", "zz", "a.b"], { minLength: 1 })),
    approvals: half(approval),
    blocks: fc
      .tuple(fc.constantFrom("t1", "t*", "t?"), fc.shuffledSubarray(blockNames, { maxLength: 3 }))
      .chain(([first, others]) => {
        const names = [...new Set([...others, first])];
        return fc.tuple(...names.map((name) => fc.record({ name: fc.constant(name), rules: rulesOf })));
      }),
  })
  .map(({ allows, hide, approvals, blocks }) => {
    const tidy = blocks.map(withoutTwins);
    const known = countersOf(tidy);
    const tools = tidy.map(({ name, rules }): [string, Json] => {
      const finished = rules.map((rule, index) => finish(rule, ruleNames[index] ?? "more", known));
      return [name, { rules: finished.filter((rule) => rule !== null) }];
    });
    return compact({ version: "1", default: allows, hide, approvals, tools: Object.fromEntries(tools) });
  });

/** One more rule that denies where its guard does not say no. */
export const denialArbitrary: fc.Arbitrary<JsonObject> = fc
  .record({ when: half(fc.array(condition, { minLength: 1, maxLength: 2 })) })
  .map(({ when }) => compact({ name: "one more", action: "deny", when }));

export const numberArbitrary = fc
  .constantFrom("-5", "0", "1", "2.5", "2.50", "10", "1e1", "100", "9007199254740993", "0.1", "-0.0", "1E2")
  .map(num);
const scalar: fc.Arbitrary<Json> = fc.oneof(
  numberArbitrary,
  fc.constantFrom<Json>("", "a", "usd", "USD", "5", "true", "prod", "été"),
  fc.constantFrom<Json>(true, false, null),
);
const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.constantFrom("b", "B", "amount"), scalar, { maxKeys: 2, noNullPrototype: true }),
  },
);
const amounts = fc.constantFrom("0", "1", "2.5", "10", "100", "0.1", "1e2", "9007199254740993").map(num);
const items = fc.array(
  fc.oneof(
    scalar,
    fc.dictionary(fc.constantFrom("n", "N", "__proto__"), scalar, { maxKeys: 2, noNullPrototype: true }),
  ),
  { maxLength: 3 },
);
export const argNames = ["a", "amount", "currency", "l", "n", "a.b", "__proto__", "deep"];
const args: fc.Arbitrary<JsonObject> = fc
  .record({
    a: often(value),
    amount: often(fc.oneof({ weight: 6, arbitrary: amounts }, { weight: 1, arbitrary: value })),
    currency: often(
      fc.oneof({ weight: 4, arbitrary: fc.constantFrom<Json>("usd", "USD", "eur") }, { weight: 1, arbitrary: value }),
    ),
    l: half(fc.oneof<fc.Arbitrary<Json>[]>(items, value)),
    n: often(fc.oneof({ weight: 3, arbitrary: numberArbitrary }, { weight: 1, arbitrary: value })),
    "a.b": half(value),
    A: seldom(scalar),
    Amount: seldom(scalar),
    deep: half(value),
    proto: half(value),
  })
  .map(({ proto, ...rest }) => {
    const object = compact(rest);
    return proto === undefined ? object : Object.fromEntries([...Object.entries(object), ["__proto__", proto]]);
  });

const moments = fc.oneof(
  fc.constantFrom(
    "2026-01-31T23:59:59.999Z",
    "2024-02-29T00:00:00.000Z",
    "2024-02-28T23:59:59.999Z",
    "2026-06-14T23:59:59.999Z",
    "2026-06-15T00:00:00.000Z",
    "2026-12-31T23:59:59.999Z",
    "2027-01-01T00:00:00.000Z",
    "2100-02-28T12:30:00.000Z",
  ),
  fc
    .date({ min: new Date("1999-01-01T00:00:00Z"), max: new Date("2101-01-01T00:00:00Z"), noInvalidDate: true })
    .map((date) => date.toISOString()),
);

export const toolNames = ["t1", "t1", "t1", "t1", "t1", "t1", "t1", "t2", "t3", "a.b", "x/y~z", "h1", "constructor"];
export const callArbitrary: fc.Arbitrary<OracleCall> = fc.record({
  tool: fc.constantFrom(...toolNames),
  args,
  meta: fc.record({ trace: half(value), "x/pay": half(value), Trace: seldom(scalar) }).map(compact),
  grant: fc.record({
    id: fc.constantFrom("g1", "g2"),
    label: fc.constantFrom("ci", "support", "finance"),
    tags: fc.subarray(["finance", "eu"]),
  }),
  server: fc.constantFrom("payments", "mail"),
  client: fc.constantFrom(null, "claude", "cursor"),
  category: fc.constantFrom(null, "read", "financial"),
  risk: fc.constantFrom(null, "low", "critical"),
  annotations: fc
    .record({ readOnlyHint: half(fc.boolean()), destructiveHint: half(fc.boolean()) })
    .map((hints) =>
      Object.fromEntries(Object.entries(hints).filter((entry): entry is [string, boolean] => entry[1] !== undefined)),
    ),
  now: moments,
});

/** What counters hold, spread over all of them. */
export const usedArbitrary = fc
  .array(fc.constantFrom("0", "0", "1", "9", "99.9", "100", "1000", "0.1", "9007199254740992"), {
    minLength: 5,
    maxLength: 5,
  })
  .map((amounts) => (counter: string, by: readonly string[]) => {
    const key = [counter, ...by].join(" ");
    const turn = [...key].reduce((hash, letter) => hash + letter.charCodeAt(0), 0);
    return amounts[turn % amounts.length] ?? "0";
  });
