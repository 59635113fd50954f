import { describe, expect, test } from "vitest";
import { decimalOf } from "@/lib/kernel/decimal";
import type { Value } from "@/lib/kernel/value";
import { checkPolicy } from "./check";
import { compilePolicy } from "./compile";
import type { CompiledPolicy } from "./compile";
import { evaluate, findMethodAction, isHidden } from "./evaluate";
import { factsOf } from "./facts";
import { parsePolicy } from "./parse";
import { runPolicyTests } from "./run-tests";
import { simulate } from "./simulate";

const names = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "toLocaleString",
  "valueOf",
  "hasOwnProperty",
  "isPrototypeOf",
  "propertyIsEnumerable",
  "__defineGetter__",
  "__lookupSetter__",
  "toJSON",
  "then",
  "length",
  "size",
  "get",
  "has",
  "map",
  "kind",
  "undefined",
];

const digest = (text: string): string => text;

function build(text: string): CompiledPolicy {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return compilePolicy(parsed.document, { digest });
}

const policy = (tools: string, more = ""): string => `version: "1"\ndefault: deny\n${more}tools:\n${tools}`;
const call = (tool: string, args: [string, Value][] = []) => factsOf({ tool, args: new Map(args) });

describe("W5 names that every object has are plain names", () => {
  test.each(names)("%s as a tool is listed only where it is written", (name) => {
    const other = build(policy("  act: { rules: [] }\n"));
    expect(evaluate(other, call(name))).toMatchObject({ kind: "deny", rule: "(default deny)" });
    expect(isHidden(other, name)).toBe(false);
    expect(evaluate(build(policy(`  ${name}: { rules: [] }\n`)), call(name)).kind).toBe("allow");
  });

  test.each(names)("%s as a hidden name hides that tool alone", (name) => {
    const compiled = build(policy("  act: { rules: [] }\n", `hide: [${name}]\n`));
    expect([isHidden(compiled, name), isHidden(compiled, "act")]).toEqual([true, false]);
  });

  test.each(names)("%s as a method is spoken about only where it is written", (name) => {
    expect(findMethodAction(build(policy("  act: { rules: [] }\n")), name)).toBeNull();
    expect(findMethodAction(build(policy("  act: { rules: [] }\n", `methods: { ${name}: deny }\n`)), name)).toBe(
      "deny",
    );
  });

  test.each(names)("%s as a rule, a counter and an argument counts like any other", (name) => {
    const compiled = build(
      policy(`  act:
    rules:
      - name: ${name}
        conditions: [{ path: state.act.${name}, op: lte, value: 10 }]
        state: { counter: ${name}, window: day, increment_from: args.${name}, by: [args.${name}] }
`),
    );
    expect(evaluate(compiled, call("act"))).toMatchObject({ kind: "deny", reason: "amount" });
    const given = simulate(compiled, call("act", [[name, decimalOf(11)]]), () => decimalOf(0));
    expect(given.verdict).toMatchObject({ kind: "rate_limited", rule: `/tools/act/rules/${name}` });
    const some = simulate(compiled, call("act", [[name, decimalOf(4)]]), () => decimalOf(6));
    expect(some).toMatchObject({ verdict: { kind: "allow" }, counters: [{ demand: { by: ["4"] } }] });
  });

  test.each(names)("%s as a text is found in a list only where it is written", (name) => {
    const list = (members: string) =>
      build(policy(`  act: { rules: [{ name: a, conditions: [{ path: args.x, op: in, value: [${members}] }] }] }\n`));
    expect(evaluate(list("a, b"), call("act", [["x", name]]))).toMatchObject({ kind: "deny", reason: "rule" });
    expect(evaluate(list(`a, "${name}"`), call("act", [["x", name]])).kind).toBe("allow");
  });

  test.each(names)("%s is no key, word, operator, window or root of the language", (name) => {
    const codes = (text: string) => checkPolicy(text).map(({ code }) => code);
    const rule = (body: string) => policy(`  act: { rules: [{ name: a, ${body} }] }\n`);
    expect(codes(`version: "1"\ndefault: allow\n"${name}": 1\n`)).toEqual(["unknown_key"]);
    expect(codes(rule(`action: deny, "${name}": 1`))).toEqual(["unknown_key"]);
    expect(codes(rule(`action: "${name}"`))).toEqual(["value"]);
    expect(codes(rule(`action: deny, mode: "${name}"`))).toEqual(["value"]);
    expect(codes(rule(`conditions: [{ path: args.a, op: "${name}", value: 1 }]`))).toEqual(["operator"]);
    expect(codes(rule(`conditions: [{ path: "${name}.a", op: eq, value: 1 }]`))).toEqual(["path"]);
    expect(codes(rule(`conditions: [{ path: time.${name}, op: eq, value: 1 }]`))).toEqual(["path"]);
    expect(codes(rule(`conditions: [{ path: tool.annotations.${name}, op: eq, value: 1 }]`))).toEqual(["path"]);
    expect(codes(rule(`conditions: [{ path: tool.category, op: eq, value: "${name}" }]`))).toEqual(["value"]);
    expect(codes(rule(`limit: { max: 1, window: "${name}" }`))).toEqual(["value"]);
    expect(codes(rule(`limit: { max: 1, window: day, per: "${name}" }`))).toEqual(["value"]);
    expect(codes(rule(`rate_limit: "1/${name}"`))).toEqual(["value"]);
    expect(codes(rule(`action: require_approval, approval_timeout: "1${name.slice(0, 10)}"`))).toEqual(["value"]);
    expect(codes(rule(`action: require_approval, approval: { approvers: ["${name}"] }`))).toEqual(["value"]);
    expect(codes(rule(`conditions: [{ path: state.${name}.n, op: lte, value: 1 }]`))).toEqual(["counter"]);
  });

  test.each(names)("%s given as a counter of a test is one only where a rule counts it", (name) => {
    const tests = `tests: [{ name: x, call: { tool: act }, given: { state: { act.${name}: 1 } }, expect: rate_limited }]\n`;
    const limit = (rule: string) =>
      policy(`  act: { rules: [{ name: "${rule}", limit: { max: 1, window: day } }] }\n`, tests);
    expect(runPolicyTests(limit("cap"), { digest }).problems.map(({ code }) => code)).toEqual(["counter"]);
    expect(runPolicyTests(limit(name), { digest })).toMatchObject({ passed: 1, failed: 0 });
  });
});

describe("W6 tools are told apart byte by byte", () => {
  const alike = [
    "Pay", "PAY", "pay ", " pay", "pay\t", "pay\n", "pay\0", "pay\u200b", "\u200bpay", "pay\ufeff", "pay\u00ad", "p\u0430y",
    "\u0440ay", "p\u00e4y", "pa\u0301y", "\uff50\uff41\uff59", "\u{1d429}ay", "p\u1d43y", "/pay", "./pay", "pay/", "pay.", "pay,",
    "pay#", "pay?", "pay*", "%70ay", "p\\u0061y", "pay;x", "pay\r", "pay\u2028", "pay\u202e", "\u2066pay", "ραy", "paу", "рay",
    "p4y", "pay1", "payy", "",
  ]; // prettier-ignore

  test.each(alike.map((name) => [JSON.stringify(name), name]))("%s is not pay", (_, name) => {
    const compiled = build(policy("  pay: { rules: [] }\n"));
    expect(evaluate(compiled, call("pay")).kind).toBe("allow");
    expect(evaluate(compiled, call(name))).toMatchObject({ kind: "deny", reason: "default_deny" });
    const hiding = build(policy("  pay: { rules: [] }\n", "hide: [pay]\n"));
    expect([isHidden(hiding, "pay"), isHidden(hiding, name)]).toEqual([true, false]);
  });
});

describe("W14 currencies never share a budget", () => {
  const currencies = [
    "usd",
    "USD",
    "Usd",
    "eur",
    "jpy",
    "kwd",
    "xxx",
    "usdc",
    "USDC",
    "",
    "us\u200bd",
    "\uff55\uff53\uff44",
  ];

  test.each(currencies)("%j begins with a full budget when all others are used up", (currency) => {
    const compiled = build(
      policy(
        "  pay: { rules: [{ name: cap, limit: { sum: args.amount, max: 100, window: day, by: [args.currency] } }] }\n",
      ),
    );
    const pay = (amount: number) => call("pay", [["amount", decimalOf(amount)], ["currency", currency]]); // prettier-ignore
    const others = new Set(currencies.filter((other) => other !== currency).map((other) => JSON.stringify(other)));
    const used = ({ by }: { by: readonly string[] }) => decimalOf(others.has(by[0] ?? "") ? 100 : 0);
    expect(simulate(compiled, pay(100), used).verdict).toEqual({ kind: "allow" });
    expect(simulate(compiled, pay(101), used).verdict.kind).toBe("rate_limited");
  });
});
