import { describe, expect, test } from "vitest";
import { checkPolicy } from "./check";
import { nearest } from "./nearest";
import { findPlace } from "./parse";
import { ProblemList } from "./problems";
import { readTree } from "./yaml-tree";

/** `code | message | hint` of every problem. */
const wordsOf = (text: string): string[] =>
  checkPolicy(text).map(({ code, message, hint }) =>
    [code, message, ...(hint === undefined ? [] : [hint])].join(" | "),
  );
const head = 'version: "1"\ndefault: deny\n';
const rules = (...texts: readonly string[]): string => `${head}tools: { pay: { rules: [${texts.join(", ")}] } }`;
const ends = (...conditions: readonly string[]): string =>
  rules(`{ name: a, conditions: [${conditions.map((one) => `{ path: args.a, ${one} }`).join(", ")}] }`);

describe("parts of a policy that do not go together are named", () => {
  const counting = "{ name: c, state: { counter: n, window: day } }";
  const bound = (path: string): string => `{ name: b, conditions: [{ path: ${path}, op: lte, value: 5 }] }`;
  const two = (pay: string, get: string): string =>
    `${head}tools: { pay: { rules: [${pay}] }, get: { rules: [${get}] } }`;

  test.each<[string, string, ...string[]]>([
    [
      "rules behind a denial",
      rules("{ name: no, action: deny }", "{ name: b, action: deny }"),
      "unreachable | The rule `no` above denies every call, so this changes nothing",
    ],
    [
      "a denial of everything, alone",
      `${head}tools: { "*": { rules: [{ name: no, action: deny }] } }`,
      "denies_all | This rule denies every call of every tool",
    ],
    [
      "a denial of everything, beside others",
      `${head}tools: { pay: { rules: [] }, "*": { rules: [{ name: no, action: deny }] } }`,
      "denies_all | This rule denies every call of every tool; the other tools listed here are denied too",
    ],
    [
      "names that fold together",
      `${head}tools: { Pay: { rules: [] }, pay: { rules: [] } }`,
      "lookalike | `pay` and `Pay` differ only by case or form; they are two tools",
    ],
    [
      "everything hidden, with rules for all",
      `${head}hide: ["*"]\ntools: { "*": { rules: [] }, pay: { rules: [] } }`,
      "hidden | `hide` removes this tool (`*`), so its rules change nothing",
    ],
    [
      "two rules that count the same",
      rules(counting, counting.replace("name: c", "name: d"), bound("state.pay.n")),
      "duplicate_counter | Another rule already counts `n` | One rule counts; others limit it with a condition alone.",
    ],
    [
      "a counter of a tool that is not listed",
      rules(bound("state.zzzzzz.n")),
      "counter | Nothing is listed as `zzzzzz`, so it has no counters | Listed: pay.",
    ],
    [
      "a counter of a tool where many are listed",
      `${head}tools: { ${"abcdefghijkl"
        .split("")
        .map((name) => `tool_${name}: { rules: [] }`)
        .join(", ")}, pay: { rules: [${bound("state.zzzzzz.n")}] } }`,
      "counter | Nothing is listed as `zzzzzz`, so it has no counters | Listed: tool_a, tool_b, tool_c, tool_d, tool_e, tool_f, tool_g, tool_h, tool_i, tool_j.",
    ],
    [
      "a counter that nothing counts",
      rules(bound("state.pay.n")),
      "counter | `pay` has no counter `n` | Add a `state` block to the rule that counts it.",
    ],
    [
      "a counter that another tool counts, and none here",
      two(`${counting}, ${bound("state.pay.n")}`, bound("state.get.n")),
      "counter | `get` has no counter `n` | Add a `state` block to the rule that counts it.",
    ],
    [
      "a counter whose rule is off, beside other tools",
      two(`${counting.replace("name: c", "name: c, mode: off")}, ${bound("state.pay.n")}`, "{ name: x, action: deny }"),
      "counter | `pay` has no counter `n` | The rule that counts it is off.",
    ],
    [
      "a counter without a bound, beside one of that name with one",
      two(`${counting}, ${bound("state.pay.n")}`, counting),
      "unlimited | Nothing limits this counter | Add the condition `state.get.n lte <max>`.",
    ],
    [
      "a counter without a bound, beside another one with one",
      rules(counting, counting.replace("name: c", "name: d").replace("counter: n", "counter: m"), bound("state.pay.n")),
      "unlimited | Nothing limits this counter | Add the condition `state.pay.m lte <max>`.",
    ],
  ])("%s", (_, text, ...expected) => {
    expect(wordsOf(text)).toEqual(expected);
  });

  const clash = "contradiction | No call can meet this and the other conditions on `args.a`";
  test.each<[string, boolean, ...string[]]>([
    ["from 5 up to 5", true, "op: gte, value: 5", "op: lte, value: 5"],
    ["above 5 up to 5", false, "op: gt, value: 5", "op: lte, value: 5"],
    ["from 5 below 5", false, "op: gte, value: 5", "op: lt, value: 5"],
    ["the higher of two lower bounds counts", false, "op: gt, value: 9", "op: gt, value: 1", "op: lt, value: 5"],
    ["the lower of two upper bounds counts", false, "op: lt, value: 1", "op: lt, value: 9", "op: gt, value: 5"],
    ["open beats closed at one lower bound", false, "op: gte, value: 5", "op: gt, value: 5", "op: lte, value: 5"],
    ["open stays open at one lower bound", false, "op: gt, value: 5", "op: gte, value: 5", "op: lte, value: 5"],
    ["open beats closed at one upper bound", false, "op: lte, value: 5", "op: lt, value: 5", "op: gte, value: 5"],
    ["open stays open at one upper bound", false, "op: lt, value: 5", "op: lte, value: 5", "op: gte, value: 5"],
    [
      "closed twice stays closed",
      true,
      "op: gte, value: 5",
      "op: gte, value: 5",
      "op: lte, value: 5",
      "op: lte, value: 5",
    ],
    ["a value on a closed lower bound", true, "op: gte, value: 5", "op: eq, value: 5"],
    ["a value on an open lower bound", false, "op: gt, value: 5", "op: eq, value: 5"],
    ["a value on a closed upper bound", true, "op: lte, value: 5", "op: eq, value: 5"],
    ["a value on an open upper bound", false, "op: lt, value: 5", "op: eq, value: 5"],
    ["a value above an upper bound", false, "op: lte, value: 5", "op: eq, value: 6"],
    ["a value below a lower bound", false, "op: gte, value: 5", "op: eq, value: 4"],
    ["a value within bounds", true, "op: gt, value: 1", "op: lt, value: 9", "op: eq, value: 5"],
    ["one of a list within bounds", true, "op: gt, value: 6", "op: in, value: [1, 9]"],
    ["none of a list within bounds", false, "op: gt, value: 2", "op: lt, value: 8", "op: in, value: [1, 9]"],
    ["not this number, with any bound", true, "op: neq, value: 5", "op: gte, value: 9", "op: lte, value: 9"],
    ["there, and not there", false, "op: exists, value: true", "op: exists, value: false"],
    ["not there twice", true, "op: exists, value: false", "op: exists, value: false"],
    ["there twice", true, "op: exists, value: true", "op: exists, value: true"],
    ["not there, and null", true, "op: exists, value: false", "op: eq, value: ~"],
    ["not there, and not null", false, "op: exists, value: false", "op: neq, value: ~"],
    ["not there, and some text", false, "op: exists, value: false", "op: contains, value: x"],
  ])("%s: %s", (_, possible, ...conditions) => {
    const found = wordsOf(ends(...conditions));
    expect(found).toEqual(possible ? [] : [clash]);
  });

  test("only requirements that are enforced and unguarded have to go together", () => {
    const low = "{ path: args.a, op: lt, value: 1 }";
    const high = "{ name: high, conditions: [{ path: args.a, op: gt, value: 5 }] }";
    for (const other of [
      `mode: shadow, conditions: [${low}]`,
      `when: [{ path: args.b, op: eq, value: 1 }], conditions: [${low}]`,
      `action: require_approval, conditions: [${low}]`,
      `action: deny, when: [${low}]`,
    ]) {
      expect(wordsOf(rules(high, `{ name: low, ${other} }`))).toEqual([]);
    }
  });

  test("lists of tests and approvers have an end", () => {
    const tests = (count: number): string =>
      `${head}tools: { pay: { rules: [] } }\ntests: [${Array.from({ length: count }, (_, at) => `{ name: t${at}, call: { tool: pay }, expect: allow }`).join(", ")}]`;
    expect([wordsOf(tests(500)), wordsOf(tests(501))]).toEqual([[], ["length | At most 500 tests"]]);
    const id = (at: number): string => `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`;
    const people = (count: number): string =>
      rules(
        `{ name: a, action: require_approval, approval: { approvers: [${Array.from({ length: count }, (_, at) => id(at)).join(", ")}] } }`,
      );
    expect([wordsOf(people(50)), wordsOf(people(51))]).toEqual([[], ["length | At most 50 approvers"]]);
  });

  test("one person among others is a fixed number, a role is not", () => {
    const quorum = (approvers: string): string[] =>
      wordsOf(rules(`{ name: a, action: require_approval, approval: { quorum: 2, approvers: [${approvers}] } }`));
    const id = "00000000-0000-4000-8000-000000000001";
    expect(quorum(id)).toEqual(["value | 2 must approve, but only 1 may | Lower the quorum or name more people."]);
    expect(quorum(`${id}, admin`)).toEqual([]);
    expect(quorum("")).toEqual(["empty | Nobody could approve | Name a role, for example `policy_manager`."]);
  });
});

describe("a list of problems", () => {
  const at = (offset: number) => ({ pointer: `/${offset}`, offset });
  const list = (): ProblemList =>
    new ProblemList((offset) => ({ line: 1 + Math.floor(offset / 10), column: 1 + (offset % 10) }));

  test("is sorted by line, column, severity, and code", () => {
    const problems = list();
    problems.warning("a", at(5), "w");
    problems.error("c", at(5), "c");
    problems.error("b", at(5), "b");
    problems.error("b", at(5), "again", "hint");
    problems.error("z", at(3), "z");
    problems.error("y", at(10), "y");
    problems.error("x", at(9), "x");
    expect(problems.sorted().map(({ message }) => message)).toEqual(["z", "b", "again", "c", "w", "x", "y"]);
    expect(problems.sorted()[2]).toEqual({
      severity: "error",
      code: "b",
      path: "/5",
      line: 1,
      column: 6,
      message: "again",
      hint: "hint",
    });
    expect(problems.sorted()[1]).not.toHaveProperty("hint");
  });

  test("is long from twenty on, and then nobody looks for what was meant", () => {
    const problems = list();
    for (let index = 0; index < 19; index++) problems.warning("w", at(0), "w");
    expect([problems.isLong, problems.hasErrors]).toEqual([false, false]);
    problems.error("e", at(0), "e");
    expect([problems.isLong, problems.hasErrors]).toEqual([true, true]);
    const hints = checkPolicy(
      rules(
        ...Array.from(
          { length: 25 },
          (_, index) => `{ name: r${index}, conditions: [{ path: state.pai.n, op: lte, value: 1 }] }`,
        ),
      ),
    ).map(({ hint }) => hint);
    expect([hints[19], hints[20]]).toEqual(["Did you mean `state.pay.n`?", "Listed: pay."]);
  });
});

describe("the place of a pointer", () => {
  const { root } = readTree('a/b: [1, { "x~y": 2 }]');
  test.each([
    ["", 0],
    ["/a~1b", 0],
    ["/a~1b/0", 6],
    ["/a~1b/1", 9],
    ["/a~1b/1/x~0y", 11],
  ])("%s", (pointer, offset) => {
    expect(findPlace(root, pointer)).toEqual({ pointer, offset });
  });
  test("what is not in the text has the place of its nearest parent", () => {
    expect(findPlace(root, "/a~1b/1/z/w")).toEqual({ pointer: "/a~1b/1/z/w", offset: 9 });
    expect(findPlace(root, "/none")).toEqual({ pointer: "/none", offset: 0 });
    expect(findPlace(readTree("# x\n[1]").root, "/5")).toEqual({ pointer: "/5", offset: 4 });
    expect(findPlace(null, "/a")).toEqual({ pointer: "/a", offset: 0 });
  });
  test("an empty policy is reported at its beginning", () => {
    expect(checkPolicy("")).toEqual([
      {
        severity: "error",
        code: "empty",
        path: "",
        line: 1,
        column: 1,
        message: "The policy is empty",
        hint: 'Begin with `version: "1"` and `tools:`.',
      },
    ]);
  });
});

describe("the nearest word", () => {
  test.each<[string, readonly string[], string | null]>([
    ["two letters the wrong way round", ["ab"], null],
    ["ba", ["ab"], "ab"],
    ["xbcdefhg", ["abcdefgh"], "abcdefgh"],
    ["abcd", ["acxd"], null],
    ["abcd", ["axbd"], null],
    ["abcdef", ["xxabcdef", "abcdez"], "abcdez"],
    ["abcdef", ["abcdefxx", "abcdez"], "abcdez"],
    ["abcdef", ["abcdez", "abcdey"], "abcdez"],
    ["ABC", ["abd"], "abd"],
    ["abc", [...Array.from({ length: 999 }, () => "zzz"), "abd"], "abd"],
    ["abc", [...Array.from({ length: 1000 }, () => "zzz"), "abd"], null],
    ["x".repeat(64), ["x".repeat(63)], "x".repeat(63)],
    ["x".repeat(65), ["x".repeat(64)], null],
  ])("of %s", (word, known, found) => {
    expect(nearest(word, known)).toBe(found);
  });
});
