import { describe, expect, test } from "vitest";
import { checkPolicy } from "./check";

/** Bounds of everything that a policy text may hold: the largest that passes, and the first that does not. */

const rule = (body: string): string => `version: "1"\ndefault: deny\ntools:\n  t: { rules: [{ name: a, ${body} }] }\n`;
const condition = (path: string, op: string, value: string): string =>
  rule(`conditions: [{ path: ${path}, op: ${op}, value: ${value} }]`);
const many = (count: number, item: (index: number) => string): string =>
  `[${Array.from({ length: count }, (_, index) => item(index)).join(", ")}]`;
const letters = (count: number): string => "a".repeat(count);
const person = (index: number): string => `11111111-1111-4111-8111-${String(index).padStart(12, "0")}`;
const tests = (count: number): string =>
  `version: "1"\ndefault: allow\ntests: ${many(count, (index) => `{ name: t${index}, call: { tool: x }, expect: allow }`)}\n`;

const found = (text: string) => checkPolicy(text).map(({ code, message }) => [code, message]);

describe("a policy text holds at most", () => {
  test.each<[string, string, string, string[][]]>([
    [
      "128 characters of a rule's name",
      rule("action: deny").replace("name: a", `name: ${letters(128)}`),
      rule("action: deny").replace("name: a", `name: ${letters(129)}`),
      [["length", "Expected a name of 1 to 128 characters"]],
    ],
    [
      "2,000 characters for the agent",
      rule(`action: deny, on_deny: ${letters(2000)}`),
      rule(`action: deny, on_deny: ${letters(2001)}`),
      [["length", "Expected a text of 1 to 2000 characters"]],
    ],
    [
      "2,000 characters of a description",
      rule(`action: deny, description: ${letters(2000)}`),
      rule(`action: deny, description: ${letters(2001)}`),
      [["length", "Expected a text of 1 to 2000 characters"]],
    ],
    [
      "2,000 characters of its own description",
      `version: "1"\ndefault: allow\ndescription: ${letters(2000)}\n`,
      `version: "1"\ndefault: allow\ndescription: ${letters(2001)}\n`,
      [["length", "Expected a text of 1 to 2000 characters"]],
    ],
    [
      "128 characters of a tool's name",
      `version: "1"\ntools: { ${letters(128)}: { rules: [] } }\n`,
      `version: "1"\ntools: { ${letters(129)}: { rules: [] } }\n`,
      [["length", "A tool name has 1 to 128 characters"]],
    ],
    [
      "128 characters of a hidden name",
      `version: "1"\ndefault: allow\nhide: [${letters(128)}]\n`,
      `version: "1"\ndefault: allow\nhide: [${letters(129)}]\n`,
      [["length", "Expected a tool name of 1 to 128 characters"]],
    ],
    [
      "512 characters of a path",
      condition(`args.${letters(507)}`, "eq", "1"),
      condition(`args.${letters(508)}`, "eq", "1"),
      [["length", "Expected a path such as `args.amount` of 1 to 512 characters"]],
    ],
    [
      "4,096 characters of a text to compare",
      condition("args.a", "starts_with", letters(4096)),
      condition("args.a", "starts_with", letters(4097)),
      [["length", "Expected a text for `starts_with` of 1 to 4096 characters"]],
    ],
    [
      "1,000 characters of a pattern",
      condition("args.a", "regex", letters(1000)),
      condition("args.a", "regex", letters(1001)),
      [["regex", "A pattern has at most 1000 characters"]],
    ],
    [
      "2,000 steps of a pattern",
      condition("args.a", "regex", "'a{1000}b{998}'"),
      condition("args.a", "regex", "'a{1000}b{999}'"),
      [["regex", "The pattern repeats too much"]],
    ],
    [
      "10,000 values of a list",
      condition("args.a", "in", many(10_000, String)),
      condition("args.a", "in", many(10_001, String)),
      [["length", "A list has at most 10000 values"]],
    ],
    [
      "50 approvers",
      rule(`action: require_approval, approval: { approvers: ${many(50, person)} }`),
      rule(`action: require_approval, approval: { approvers: ${many(51, person)} }`),
      [["length", "At most 50 approvers"]],
    ],
    ["500 tests", tests(500), tests(501), [["length", "At most 500 tests"]]],
    [
      "128 characters of a counter's name",
      rule(
        `conditions: [{ path: state.t.${letters(128)}, op: lte, value: 1 }], state: { counter: ${letters(128)}, window: day }`,
      ),
      rule(`state: { counter: ${letters(129)}, window: day }`),
      [["length", "Expected the counter's name of 1 to 128 characters"]],
    ],
  ])("%s", (_, most, more, problems) => {
    expect(found(most)).toEqual([]);
    expect(found(more)).toEqual(problems);
  });

  test.each([
    ["a test's name", "{ name: NAME, call: { tool: x }, expect: allow }", "a name"],
    ["a test's tool", "{ name: n, call: { tool: NAME }, expect: allow }", "a tool name"],
    ["a test's grant", "{ name: n, call: { tool: x }, given: { grant: { label: NAME } }, expect: allow }", "a text"],
    ["a test's tag", "{ name: n, call: { tool: x }, given: { grant: { tags: [NAME] } }, expect: allow }", "a tag"],
  ])("200 characters of %s", (_, entry, wanted) => {
    const text = (name: string) => `version: "1"\ndefault: allow\ntests:\n  - ${entry.replace("NAME", name)}\n`;
    expect(found(text(letters(200)))).toEqual([]);
    expect(found(text(letters(201)))).toEqual([["length", `Expected ${wanted} of 1 to 200 characters`]]);
  });

  test("600 characters of a test's rule", () => {
    const text = (name: string) =>
      `version: "1"\ndefault: allow\ntests:\n  - { name: n, call: { tool: x }, expect: deny, rule: ${name} }\n`;
    expect(found(text(letters(600)))).toEqual([]);
    expect(found(text(letters(601)))).toEqual([["length", "Expected a rule's name of 1 to 600 characters"]]);
  });
});

test("a long value is shown cut in a message, never whole", () => {
  const long = letters(500);
  for (const text of [
    `version: "1"\ndefault: ${long}\n`,
    `version: "1"\n${long}: 1\n`,
    condition("tool.category", "eq", long),
  ]) {
    const [problem] = checkPolicy(text).filter(({ severity }) => severity === "error");
    expect(problem?.message).toContain(`\`${letters(80)}\``);
    expect(problem?.message).not.toContain(letters(81));
  }
});

test("problems at one place stand in the order of severity, then code", () => {
  const text = `version: "1"\ndefault: deny\ntools:\n  t:\n    rules:\n      - condition: []\n`;
  expect(checkPolicy(text).map(({ code, column, line }) => [line, column, code])).toEqual([
    [6, 9, "empty"],
    [6, 9, "missing"],
    [6, 9, "unknown_key"],
  ]);
});

describe("a text of the largest size is checked in seconds, whatever stands in it", { timeout: 120_000 }, () => {
  const head = 'version: "1"\ndefault: deny\n';
  const lines = (count: number, line: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => line(index)).join("");
  const guarded = (index: number): string =>
    `    - {name: a${index}, when: [{path: args.x,op: eq,value: 1}],rate_limit: 1/day}\n`;
  const list = (from: number): string => many(9000, (index) => String(from + index)).replaceAll(" ", "");
  const leaf = (from: number): string => `{path: args.a, op: in, value: ${list(from)}}`;

  test.each<[string, string]>([
    ["hidden names", `${head}hide: ${many(30_000, (index) => `a${index}`)}\n`],
    [
      "hidden globs and tools",
      `${head}hide: ${many(10_000, (index) => `"*a${index}"`)}\ntools:\n${lines(4000, (index) => `  aaaa${index}: {rules: []}\n`)}`,
    ],
    [
      "limits on counters of tools that do not exist",
      `${head}tools:\n${lines(2400, (index) => `  aaaaaaaaaaa${index}: {rules: [{name: a, conditions: [{path: state.aaaaaaaaaax${index}.x,op: lte,value: 1}]}]}\n`)}`,
    ],
    [
      "tests that give counters that do not exist",
      `${head}tools:\n  t:\n    rules:\n${lines(2000, guarded)}tests:\n  - {name: x, call: {tool: t}, expect: deny, given: {state: {${lines(4000, (index) => `_rate_day_a${index}: 1,`)}}}}\n`,
    ],
    [
      "long lists that share no member",
      `${head}tools: {t: {rules: [{name: a, conditions: [${leaf(0)}, ${leaf(20_000)}]}]}}\n`,
    ],
    ["rules", `${head}tools:\n  t:\n    rules: ${many(9000, (index) => `{name: a${index},action: deny}`)}\n`],
    ["unknown keys", lines(30_000, (index) => `k${index}:\n`)],
  ])("%s", (_, text) => {
    const before = performance.now();
    const problems = checkPolicy(text);
    expect(performance.now() - before).toBeLessThan(20_000);
    expect(problems.filter(({ code }) => code === "too_large")).toEqual([]);
  });

  test("tools that the server does not have", () => {
    const text = `${head}hide: ${many(15_000, (index) => `tool_name_${index}`)}\n`;
    const tools = Array.from({ length: 2000 }, (_, index) => ({ name: `tool_nome_${index}` }));
    const before = performance.now();
    expect(checkPolicy(text, { tools }).length).toBeGreaterThan(15_000);
    expect(performance.now() - before).toBeLessThan(20_000);
  });

  test("the first problems still say what was meant, later ones only what is wrong", () => {
    const bounds = lines(40, () => "      - {name: NAME, conditions: [{path: state.pay.spend, op: lte, value: 1}]}\n");
    let turn = 0;
    const rules = bounds.replaceAll("NAME", () => `r${turn++}`);
    const text = `${head}tools:\n  pay:\n    rules:\n${rules}      - {name: c, conditions: [{path: state.pay.spent, op: lte, value: 1}], state: {counter: spent, window: day}}\n`;
    const hints = checkPolicy(text).map(({ hint }) => hint);
    expect(hints.slice(0, 20)).toEqual(Array(20).fill("Did you mean `spent`?"));
    expect(hints.slice(20)).toEqual(Array(20).fill("Add a `state` block to the rule that counts it."));
  });
});
