import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decimalOf } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import { counterName, parsePath, pointerToken } from "./path";
import type { Path, Step } from "./path";
import { hasLookalike, resolve } from "./resolve";
import { factsOf } from "./facts";
import type { Facts } from "./types";

const key = (name: string): Step => ({ kind: "key", key: name });

function read(text: string): Path {
  const result = parsePath(text);
  if (!result.ok) throw new Error(result.message);
  return result.path;
}

function factsWith(args: ReadonlyMap<string, Value>): Facts {
  const identity = { grant: { id: "g", label: "ci", tags: ["a"] }, server: { name: "s" }, client: { name: "c" } };
  return factsOf({ tool: "t", args }, identity);
}

describe("parsePath", () => {
  test.each<[string, Step[]]>([
    ["args.a", [key("a")]],
    ["args.a.b-c.d_e", [key("a"), key("b-c"), key("d_e")]],
    ["args.items[0].price", [key("items"), { kind: "index", index: 0 }, key("price")]],
    ["args.items[*][12]", [key("items"), { kind: "each" }, { kind: "index", index: 12 }]],
    ['args["a.b"].c', [key("a.b"), key("c")]],
    [String.raw`args["quote \" and \u00e9"]`, [key('quote " and é')]],
    ['args[""]', [key("")]],
    ["args.__proto__", [key("__proto__")]],
    ["args.größe", [key("größe")]],
    ["state.create_charge.daily_spend", [key("create_charge"), key("daily_spend")]],
    ["state._global.calls", [key("_global"), key("calls")]],
    ["grant.label", [key("label")]],
  ])("reads %s", (text, steps) => {
    expect(read(text).steps).toEqual(steps);
  });

  test.each([
    "",
    "args",
    "args.",
    "args..a",
    ".a",
    "amount",
    "arg.a",
    "args.a.",
    "args.a b",
    "args.a[",
    "args.a[]",
    "args.a[-1]",
    "args.a[01]",
    "args.a[1.5]",
    "args.a['b']",
    'args.a["b]',
    'args.a["\n"]',
    "args.a[**]",
    "args[0]",
    "args[*]",
    "args.0",
    "args.items.0.price",
    "state",
    "state.a",
    "state.a.b.c",
    "state.a[0]",
    "grant",
    "grant.token",
    "grant.label.x",
    "server.id",
    "ARGS.a",
    " args.a",
    "args.a ",
    "constructor.name",
    "args.a]",
    'args.a"b"',
    "args." + "a".repeat(600),
  ])("W12 refuses %j", (text) => {
    expect(parsePath(text)).toMatchObject({ ok: false, code: "path" });
  });

  test.each<[string, Step[]]>([
    ["time.hour", [key("hour")]],
    ["time.minute", [key("minute")]],
    ["time.weekday", [key("weekday")]],
    ['time["date"]', [key("date")]],
    ["meta.trace.id", [key("trace"), key("id")]],
    ['meta["x402/payment"].amount', [key("x402/payment"), key("amount")]],
    ["meta.items[*].n", [key("items"), { kind: "each" }, key("n")]],
    ["tool.category", [key("category")]],
    ["tool.risk", [key("risk")]],
    ["tool.annotations.readOnlyHint", [key("annotations"), key("readOnlyHint")]],
    ["tool.annotations.destructiveHint", [key("annotations"), key("destructiveHint")]],
    ["tool.annotations.idempotentHint", [key("annotations"), key("idempotentHint")]],
    ["tool.annotations.openWorldHint", [key("annotations"), key("openWorldHint")]],
    ["grant.id", [key("id")]],
    ["grant.tags", [key("tags")]],
    ["server.name", [key("name")]],
    ["client.name", [key("name")]],
    ["args.a[9999]", [key("a"), { kind: "index", index: 9999 }]],
    [`args.${"a".repeat(507)}`, [key("a".repeat(507))]],
  ])("reads %s", (text, steps) => {
    expect(read(text)).toEqual({ text, root: text.slice(0, /[.[]/.exec(text)?.index), steps });
  });

  test.each([
    "time",
    "time.second",
    "time.hour.x",
    "time[0]",
    "meta",
    "meta[0]",
    "meta[*]",
    "tool.annotations",
    "tool.annotations.title",
    "tool.annotations[0]",
    "tool.annotations.readOnlyHint.x",
    "grant.tags[0]",
    "grant.tags[*]",
    "client.version",
    "args.a[10000]",
    `args.${"a".repeat(508)}`,
  ])("W12 refuses %j, which no call has", (text) => {
    expect(parsePath(text)).toMatchObject({ ok: false, code: "path" });
  });

  test.each([
    [
      "amount",
      "A path begins with one of args, state, grant, server, tool, time, client, meta",
      "For an argument write `args.<name>`.",
    ],
    ["args.a b", "`args.a b` is not a path", 'Write `args.a.b`, `args.items[0]` or `args["a.b"]`.'],
    ["args.l.0", "`.0` may be a key or an element", 'Write `[0]` or `["0"]`.'],
    ["args[0]", "Arguments are an object: name one first", undefined],
    ["meta[*]", "Request metadata is an object: name a key first", undefined],
    [
      "state.a",
      "A counter is `state.<tool>.<counter>`",
      'A tool whose name has dots is written `state["a.b"].<counter>`.',
    ],
    [
      "state.a[0]",
      "A counter is `state.<tool>.<counter>`",
      'A tool whose name has dots is written `state["a.b"].<counter>`.',
    ],
    [`args.${"a".repeat(508)}`, "A path has at most 512 characters", undefined],
  ])("says of %s what is wrong and how to write it", (text, message, hint) => {
    expect(parsePath(text)).toEqual({ ok: false, code: "path", message, ...(hint === undefined ? {} : { hint }) });
  });

  test("any key can be written in quotes and is read back whole", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (name) => {
        expect(read(`args[${JSON.stringify(name)}]`).steps).toEqual([key(name)]);
      }),
    );
  });
});

describe("resolve", () => {
  test("W12 agrees with a naive walk over random values", () => {
    const leaf = fc.integer({ min: 0, max: 3 }).map((int): Value => decimalOf(int));
    const value = fc.letrec<{ value: Value }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie("value"), { maxLength: 3 }),
        fc
          .dictionary(fc.constantFrom("a", "b", "a.b", "0", "length"), tie("value"), { maxKeys: 3 })
          .map((object) => new Map(Object.entries(object))),
      ),
    })).value;
    const args = fc
      .dictionary(fc.constantFrom("a", "b", "a.b"), value)
      .map((object) => new Map(Object.entries(object)));
    const step = fc.oneof(fc.constantFrom<(string | number)[]>("a", "b", "a.b", "0", "length", 0, 1, 2));
    fc.assert(
      fc.property(args, fc.constantFrom("a", "b", "a.b"), fc.array(step, { maxLength: 3 }), (object, first, rest) => {
        const keys = [first, ...rest];
        const text = `args${keys.map((one) => `[${JSON.stringify(one)}]`).join("")}`;
        let naive: Value | undefined = object;
        for (const one of keys) {
          if (typeof one === "string")
            naive = naive instanceof Map ? (naive as ReadonlyMap<string, Value>).get(one) : undefined;
          else naive = Array.isArray(naive) ? (naive as Value[])[one] : undefined;
        }
        expect(resolve(read(text), factsWith(object))).toBe(naive);
      }),
      { numRuns: 2000 },
    );
  });

  test("W5 names of Object.prototype are absent unless they are own keys", () => {
    const names = [
      "__proto__",
      "constructor",
      "toString",
      "valueOf",
      "hasOwnProperty",
      "isPrototypeOf",
      "size",
      "get",
      "has",
      "entries",
      "keys",
      "length",
      "map",
      "then",
      "toJSON",
      "prototype",
      "caller",
      "arguments",
      "name",
      "__defineGetter__",
    ];
    for (const name of names) {
      expect(resolve(read(`args.${name}`), factsWith(new Map()))).toBeUndefined();
      expect(resolve(read(`args.list.${name}`), factsWith(new Map([["list", ["x"]]])))).toBeUndefined();
      expect(resolve(read(`args.text.${name}`), factsWith(new Map([["text", "x"]])))).toBeUndefined();
      expect(resolve(read(`args.${name}`), factsWith(new Map([[name, "own"]])))).toBe("own");
    }
  });

  test("what is not known of a tool, a client or the metadata is absent", () => {
    const facts = factsOf({ tool: "t" });
    const paths = [
      "tool.category",
      "tool.risk",
      "tool.annotations.readOnlyHint",
      "client.name",
      "meta.trace",
      "args.a",
    ];
    expect(paths.map((text) => resolve(read(text), facts))).toEqual(paths.map(() => undefined));
  });

  test("what is known of a tool and the metadata is read from the facts alone", () => {
    const forged = new Map<string, Value>([
      ["category", "read"],
      ["annotations", new Map([["readOnlyHint", true]])],
    ]);
    const facts = factsOf(
      { tool: "t", args: new Map<string, Value>([["tool", forged]]) },
      {
        toolFacts: { category: "write", risk: "medium", annotations: new Map([["readOnlyHint", false]]) },
        meta: new Map<string, Value>([["trace", new Map([["id", "x"]])]]),
        now: "2024-02-29T23:59:59.999Z",
      },
    );
    const paths = ["tool.category", "tool.risk", "tool.annotations.readOnlyHint", "tool.annotations.openWorldHint"];
    expect(paths.map((text) => resolve(read(text), facts))).toEqual(["write", "medium", false, undefined]);
    expect(resolve(read("meta.trace.id"), facts)).toBe("x");
    const time = ["time.hour", "time.minute", "time.weekday", "time.date"].map((text) => resolve(read(text), facts));
    expect(time).toEqual([decimalOf(23), decimalOf(59), "thursday", "2024-02-29"]);
  });

  test("a time that is no instant is in doubt, and a counter is no value", () => {
    const facts = factsOf({ tool: "t" }, { now: "noon" });
    const paths = ["time.hour", "time.minute", "time.weekday", "time.date", "state.a.b"];
    expect(paths.map((text) => resolve(read(text), facts))).toEqual(paths.map(() => undefined));
  });

  test("identity comes from the facts", () => {
    const facts = factsWith(new Map([["label", "forged"]]));
    const paths = ["grant.id", "grant.label", "grant.tags", "server.name", "tool.name", "client.name"];
    expect(paths.map((text) => resolve(read(text), facts))).toEqual(["g", "ci", ["a"], "s", "t", "c"]);
  });
});

test("W7 a look-alike is noticed at every step, and the named key itself is none", () => {
  const inner = new Map<string, Value>([["AMOUNT", "1"]]);
  const facts = factsWith(
    new Map<string, Value>([
      ["Force", true],
      ["list", [inner]],
      ["exact", "x"],
      ["EXACT", "y"],
    ]),
  );
  expect(hasLookalike(read("args.force"), facts)).toBe(true);
  expect(hasLookalike(read("args.list[*].amount"), facts)).toBe(true);
  expect(hasLookalike(read("args.list[0].amount"), facts)).toBe(true);
  expect(hasLookalike(read("args.other"), facts)).toBe(false);
  expect(hasLookalike(read("args.exact"), facts)).toBe(false);
  expect(hasLookalike(read("client.name"), facts)).toBe(false);
});

test("counter names and pointers keep odd names apart", () => {
  expect(counterName("create_charge", "daily_spend")).toBe("create_charge.daily_spend");
  expect(counterName("a.b", "c")).toBe('["a.b"].c');
  expect(counterName("a", "b.c")).toBe('a["b.c"]');
  expect(pointerToken("a/b~c")).toBe("a~1b~0c");
});
