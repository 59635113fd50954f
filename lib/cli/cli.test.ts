import { describe, expect, test } from "vitest";
import { toolRefusal } from "@/lib/gateway/messages";
import { makeTerminal, type FakeTerminal } from "@/lib/testing/terminal";
import { agentText } from "@/lib/policy/agent-text";
import { runIn } from "./cli.server";
import { harmless, paintFor } from "./paint";

const good = `version: "1"
default: deny
hide: [delete_customer]
tools:
  create_charge:
    rules:
      - name: max single charge
        conditions: [{ path: args.amount, op: lte, value: 50000 }]
        on_deny: Too much
      - name: cap
        limit: { sum: args.amount, max: 1000000, window: day, by: [args.currency] }
      - name: trial
        mode: shadow
        action: deny
        when: [{ path: args.memo, op: exists, value: true }]
tests:
  - name: over the cap
    call: { tool: create_charge, args: { amount: 60000, currency: usd } }
    expect: deny
    rule: max single charge
`;
const failing = good.replace("expect: deny\n    rule: max single charge", "expect: allow");
const bad = `version: "1"\ntools:\n  a:\n    rules: []\n    rulez: []\n`;

async function run(terminal: FakeTerminal, ...args: string[]) {
  const exit = await runIn(terminal, args, "1.2.3");
  return { exit, out: terminal.takeOut(), err: terminal.takeErr() };
}

const files = { "good.yaml": good, "bad.yaml": bad, "failing.yaml": failing, "none.yaml": 'version: "1"\ntools: {}\n' };
const house = () => makeTerminal({ files });
const parse = (text: string) => JSON.parse(text) as Record<string, unknown>;

describe("validate", () => {
  test("0 without errors, 1 with one; each problem is a line that editors can follow, with its hint", async () => {
    expect(await run(house(), "validate", "good.yaml")).toMatchObject({ exit: 0, out: "✓ good.yaml: no problems\n" });
    const { exit, out } = await run(house(), "validate", "bad.yaml");
    expect(exit).toBe(1);
    expect(out).toBe(
      "bad.yaml:5:5: error unknown_key Unknown key `rulez`\n    hint: Did you mean `rules`?\n✗ bad.yaml: 1 error\n",
    );
  });

  test("warnings do not fail", async () => {
    const terminal = makeTerminal({ files: { "a.yaml": 'version: "1"\ntools: { "*": { rules: [] } }\n' } });
    const { exit, out } = await run(terminal, "validate", "a.yaml");
    expect(exit).toBe(0);
    expect(out).toContain("warning denies_all");
  });

  test("--json prints the list of problems; with several files each names its file", async () => {
    const one = await run(house(), "validate", "bad.yaml", "--json");
    expect(one.exit).toBe(1);
    const problem = { severity: "error", code: "unknown_key", path: "/tools/a/rulez", line: 5, column: 5 };
    expect(JSON.parse(one.out)).toEqual([
      { ...problem, message: "Unknown key `rulez`", hint: "Did you mean `rules`?" },
    ]);
    expect(JSON.parse((await run(house(), "validate", "good.yaml", "--json")).out)).toEqual([]);
    const two = await run(house(), "validate", "good.yaml", "bad.yaml", "--json");
    expect(JSON.parse(two.out)).toEqual([expect.objectContaining({ file: "bad.yaml", ...problem })]);
  });

  test.each([
    ['{"tools":[{"name":"create_charge","inputSchema":{"type":"object","properties":{"sum":{}}}}]}'],
    ['{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"create_charge","inputSchema":{"properties":{"sum":{}}}}]}}'],
    ['[{"name":"create_charge","inputSchema":{"properties":{"sum":{}}}}]'],
  ])("--tools warns of tools and arguments that the server lacks: %s", async (tools) => {
    const { exit, out } = await run(
      makeTerminal({ files: { ...files, t: tools } }),
      "validate",
      "good.yaml",
      "--tools",
      "t",
    );
    expect(exit).toBe(0);
    expect(out).toContain("unknown_tool The server has no tool `delete_customer`");
    expect(out).toContain("`create_charge` has no argument `amount`");
  });

  test("a tools file of another kind ends with 1", async () => {
    const terminal = makeTerminal({ files: { ...files, t: '{"tools": 5}' } });
    expect(await run(terminal, "validate", "good.yaml", "--tools", "t")).toMatchObject({ exit: 1, out: "" });
  });

  test("nothing is judged unless every file can be read: 66 that names each", async () => {
    const { exit, out, err } = await run(house(), "validate", "nope.yaml", "bad.yaml", "gone.yaml");
    expect([exit, out]).toEqual([66, ""]);
    expect(err).toContain("nope.yaml");
    expect(err).toContain("gone.yaml");
  });
});

describe("test", () => {
  test("--json is exactly passed, failed and results", async () => {
    const { exit, out } = await run(house(), "test", "good.yaml", "failing.yaml", "--json");
    expect(exit).toBe(1);
    const result = { name: "over the cap", actual: "deny", rule: "/tools/create_charge/rules/max single charge" };
    expect(JSON.parse(out)).toEqual({
      passed: 1,
      failed: 1,
      results: [
        { file: "good.yaml", ok: true, expected: "deny", ...result },
        { file: "failing.yaml", ok: false, expected: "allow", ...result },
      ],
    });
  });

  test("people see what was wanted, what came, and how to look into it", async () => {
    const { exit, out } = await run(house(), "test", "good.yaml", "failing.yaml");
    expect(exit).toBe(1);
    expect(out).toContain("not ok  over the cap (line 17)");
    expect(out).toContain("expected allow\n");
    expect(out).toContain("came     deny by /tools/create_charge/rules/max single charge\n");
    expect(out).toContain('1 passed, 1 failed\nWhy: policylayer explain failing.yaml --test "over the cap"\n');
  });

  test("a file with errors is a failure, never a pass, and its problems are told", async () => {
    const human = await run(house(), "test", "bad.yaml");
    expect(human.exit).toBe(1);
    expect(human.err).toContain("bad.yaml:5:5: error unknown_key");
    const json = await run(house(), "test", "bad.yaml", "good.yaml", "--json");
    expect(json.exit).toBe(1);
    expect(parse(json.out)).toMatchObject({
      passed: 1,
      failed: 1,
      results: [{ file: "bad.yaml", name: "(check)", ok: false, rule: "" }, { ok: true }],
      problems: [{ file: "bad.yaml", code: "unknown_key" }],
    });
  });

  test("a file without tests passes with a warning", async () => {
    const { exit, out, err } = await run(house(), "test", "none.yaml");
    expect([exit, out]).toEqual([0, "0 passed, 0 failed\n"]);
    expect(err).toBe("none.yaml: warning it has no tests\n");
  });
});

describe("explain", () => {
  const call = "{tool: create_charge, args: {amount: 60000, currency: usd, memo: x}}";

  test("shows the verdict, the agent's text, and every rule with expected and actual values", async () => {
    const { exit, out } = await run(house(), "explain", "good.yaml", "--call", call);
    expect(exit).toBe(0);
    expect(out).toContain("DENY\n  rule    /tools/create_charge/rules/max single charge\n  reason  rule\n");
    expect(out).toContain("  agent   [POLICYLAYER POLICY DENIED] Too much\n");
    expect(out).toMatch(/args\.amount lte 50000 +false +is 60000/);
    expect(out).toContain("  ✓ cap: passes");
    expect(out).toContain("/tools/create_charge/rules/trial would deny");
  });

  test("counters stand before and after, by the names that tests use", async () => {
    const sample =
      "{tool: create_charge, args: {amount: 2, currency: usd}, given: {state: {'create_charge.cap[usd]': 999999}}}";
    const { out } = await run(house(), "explain", "good.yaml", "--call", sample);
    expect(out).toContain("RATE LIMITED");
    expect(out).toContain("create_charge.cap[usd], per grant and day: 999999 + 2 = 1000001, at most 1000000: no room");
    expect(out).toContain("✗ cap: its limit has no room");
  });

  test("numbers stay exact, in the call and in the JSON", async () => {
    const exact = "{tool: create_charge, args: {amount: 9007199254740993.1}}";
    const { exit, out } = await run(house(), "explain", "good.yaml", "--call", exact, "--json");
    expect(exit).toBe(0);
    expect(out).toContain('"actual": 9007199254740993.1');
    expect(parse(out)).toMatchObject({
      verdict: "deny",
      agentReads: "[POLICYLAYER POLICY DENIED] Too much",
      counters: [],
    });
  });

  test("the JSON has rules, counters and shadow notes", async () => {
    const small = "{call: {tool: create_charge, args: {amount: 5, currency: usd, memo: x}}}";
    const { out } = await run(house(), "explain", "good.yaml", "--call", small, "--json");
    expect(parse(out)).toMatchObject({
      verdict: "allow",
      rule: "",
      agentReads: null,
      counters: [
        { counter: "create_charge.cap", by: ['"usd"'], before: 0, amount: 5, after: 5, limits: [{ hasRoom: true }] },
      ],
      shadow: [{ rule: "/tools/create_charge/rules/trial", would: "deny" }],
    });
    expect(parse(out)["rules"]).toHaveLength(3);
  });

  test("a file, an entry of tests and a test of the policy are calls as well", async () => {
    const entry = "name: x\ncall: { tool: delete_customer }\nexpect: hidden\n";
    const terminal = makeTerminal({ files: { ...files, "call.yaml": entry } });
    const hidden = await run(terminal, "explain", "good.yaml", "--call", "call.yaml");
    expect(hidden.out).toContain("HIDDEN\n  rule    (hidden)\n  agent   Unknown tool: delete_customer\n");
    const byName = await run(terminal, "explain", "good.yaml", "--test", "over the cap");
    expect(byName.out).toContain('create_charge {"amount":60000,"currency":"usd"}');
    const unknown = await run(terminal, "explain", "good.yaml", "--test", "over the cup");
    expect(unknown).toMatchObject({ exit: 64, err: expect.stringContaining('Did you mean "over the cap"?') as string });
  });

  test("--exit-code: 3 for whatever is not allowed, 0 for what is", async () => {
    expect((await run(house(), "explain", "good.yaml", "--call", call, "--exit-code")).exit).toBe(3);
    const fine = "{tool: create_charge, args: {amount: 5, currency: usd}}";
    expect((await run(house(), "explain", "good.yaml", "--call", fine, "--exit-code")).exit).toBe(0);
  });

  test("a call with a mistake, and a policy with errors, are not judged", async () => {
    const typo = await run(house(), "explain", "good.yaml", "--call", "{tool: a, arg: {}}");
    expect(typo).toMatchObject({ exit: 1, out: "", err: expect.stringContaining("Did you mean `args`?") as string });
    expect(await run(house(), "explain", "bad.yaml", "--call", call)).toMatchObject({ exit: 1, out: "" });
    expect((await run(house(), "explain", "good.yaml")).exit).toBe(64);
    expect((await run(house(), "explain", "good.yaml", "--call", "{}")).exit).toBe(1);
    expect((await run(house(), "explain", "good.yaml", "--call", "{call: {tool: x}, test: 1}")).exit).toBe(1);
  });

  test("the agent's text is the gateway's, prefix and all", () => {
    const part = { decision: "deny", rule: "r", reason: "rule", decisionId: "d" } as const;
    const sent = JSON.parse(toolRefusal("1", "modern", "D", "No", part)) as { result: { content: [{ text: string }] } };
    expect(agentText({ kind: "deny", rule: "r", reason: "rule", message: "No" }, "t")).toBe(
      sent.result.content[0].text,
    );
  });
});

describe("what a person or a terminal meets", () => {
  test("help and version answer 0, a wrong command 64 on stderr", async () => {
    expect(await run(house(), "--version")).toEqual({ exit: 0, out: "1.2.3\n", err: "" });
    expect((await run(house(), "help", "apply")).out).toContain("policylayer apply FILE…");
    const wrong = await run(house(), "tset", "good.yaml");
    expect(wrong).toEqual({
      exit: 64,
      out: "",
      err: "policylayer: Unknown command tset\nDid you mean `policylayer test`?\n",
    });
  });

  test("P5 control characters of a foreign text cannot steer the terminal", () => {
    expect(harmless("a\u001b[2Jb\u0007\u009b1m\u202ec\nd\te")).toBe("a�[2Jb��1m�c\nd\te");
  });

  test("colours are left out where there is no terminal", () => {
    expect(paintFor(false)("red", "x")).toBe("x");
    expect(paintFor(true)("red", "x")).toBe("\u001b[31mx\u001b[0m");
  });
});
