import { describe, expect, test } from "vitest";
import { compilePolicy } from "./compile";
import type { CompiledPolicy } from "./compile";
import { factsOf } from "./facts";
import { parsePolicy } from "./parse";
import { Replay } from "./replay";
import type { RecordedCall, ReplayedCall } from "./replay";

function compile(tools: string, head = ""): CompiledPolicy {
  const parsed = parsePolicy(`version: "1"\n${head}\ntools:\n${tools}`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return compilePolicy(parsed.document, { digest: (text) => text });
}

const scope = { grantId: "g", policyId: "p", serverId: "s", orgId: "o" };

/** The record of an allowed call to `pay`, changed as given. */
function recorded(change: Partial<RecordedCall> & { tool?: string; now?: string } = {}): RecordedCall {
  const { tool = "pay", now = "2026-01-01T12:00:00Z", ...rest } = change;
  return {
    facts: factsOf({ tool }, { now, grant: { id: "g", label: "ci", tags: ["night"] } }),
    argKeys: new Set(["amount"]),
    allKeys: true,
    decisionId: "d",
    scope,
    decision: "allow",
    rule: "",
    counted: true,
    judgedBy: null,
    ...rest,
  };
}

const verdict = (draft: CompiledPolicy, call: RecordedCall): ReplayedCall => new Replay(draft).judge(call);

describe("what is decided without values", () => {
  test.each<[string, string, string]>([
    ["a tool that nothing lists is denied by default", "  other: { rules: [] }\n", "deny (default deny)"],
    ["a listed tool without rules is allowed", "  pay: { rules: [] }\n", "allow "],
    ["a flat denial denies", "  pay: { rules: [{name: no, action: deny}] }\n", "deny /tools/pay/rules/no"],
    ["a flat hold holds", "  pay: { rules: [{name: ask, action: require_approval}] }\n", "hold /tools/pay/rules/ask"],
    [
      "an argument that the call lacked fails a requirement",
      "  pay: { rules: [{name: why, conditions: [{path: args.reason, op: exists, value: true}]}] }\n",
      "deny /tools/pay/rules/why",
    ],
    [
      "an argument that the call had meets `exists`",
      "  pay: { rules: [{name: why, conditions: [{path: args.amount, op: exists, value: true}]}] }\n",
      "allow ",
    ],
    [
      "a look-alike key leaves absence in doubt, which denies",
      "  pay: { rules: [{name: no, action: deny, when: [{path: args.AMOUNT, op: eq, value: 1, if_absent: skip}]}] }\n",
      "deny /tools/pay/rules/no",
    ],
    [
      "an absent argument that may be skipped is passed over",
      "  pay: { rules: [{name: no, action: deny, when: [{path: args.force, op: eq, value: true, if_absent: skip}]}] }\n",
      "allow ",
    ],
    [
      "the time of the call is known",
      "  pay: { rules: [{name: noon, action: deny, when: [{path: time.hour, op: eq, value: 12}]}] }\n",
      "deny /tools/pay/rules/noon",
    ],
    [
      "the grant is known",
      "  pay: { rules: [{name: tag, action: deny, when: [{path: grant.tags, op: contains, value: day}]}] }\n",
      "allow ",
    ],
    [
      "a value decides nothing",
      "  pay: { rules: [{name: cap, conditions: [{path: args.amount, op: lte, value: 5}]}] }\n",
      "undetermined ",
    ],
    [
      "a value beside something certain does not matter",
      "  pay: { rules: [{name: a, action: deny, when: [{any: [{path: args.amount, op: lte, value: 5}, {path: grant.label, op: eq, value: ci}]}]}] }\n",
      "deny /tools/pay/rules/a",
    ],
    [
      "metadata was not kept",
      "  pay: { rules: [{name: a, action: deny, when: [{path: meta.x, op: exists, value: true}]}] }\n",
      "undetermined ",
    ],
  ])("%s", (_, tools, expected) => {
    const { verdict: kind, rule } = verdict(compile(tools), recorded());
    expect(`${kind} ${rule}`).toBe(expected);
  });

  test("hidden is hidden, and a cut list of keys says nothing of absent ones", () => {
    expect(verdict(compile("  pay: { rules: [] }\n", "hide: [pay]"), recorded()).verdict).toBe("hidden");
    const why = "  pay: { rules: [{name: why, conditions: [{path: args.reason, op: exists, value: true}]}] }\n";
    expect(verdict(compile(why), recorded({ allKeys: false })).verdict).toBe("undetermined");
  });
});

describe("what the record itself says", () => {
  const cap = (max: number, name = "cap"): string =>
    `  pay: { rules: [{name: ${name}, conditions: [{path: args.amount, op: lte, value: ${max}}]}] }\n`;
  test("a rule that judged the call then has the same outcome, whatever it is called now", () => {
    const judgedBy = compile(cap(5));
    expect(verdict(compile(cap(5, "other")), recorded({ judgedBy })).verdict).toBe("allow");
    const denied = recorded({ judgedBy, decision: "deny", rule: "/tools/pay/rules/cap" });
    expect(verdict(compile(cap(5, "other")), denied)).toEqual({ verdict: "deny", rule: "/tools/pay/rules/other" });
    expect(verdict(compile(cap(6)), recorded({ judgedBy })).verdict).toBe("undetermined");
  });
  test("rules behind the one that denied are not known", () => {
    const two = (order: readonly string[]): CompiledPolicy =>
      compile(
        `  pay: { rules: [${order.map((name) => `{name: ${name}, conditions: [{path: args.${name}, op: eq, value: 1}]}`).join(", ")}] }\n`,
      );
    const denied = recorded({
      judgedBy: two(["a", "b"]),
      decision: "deny",
      rule: "/tools/pay/rules/a",
      argKeys: new Set(["a", "b"]),
    });
    expect(
      verdict(compile("  pay: { rules: [{name: b, conditions: [{path: args.b, op: eq, value: 1}]}] }\n"), denied)
        .verdict,
    ).toBe("undetermined");
  });
  test("a sum that had room then has room under an unchanged or wider cap only", () => {
    const sum = (max: number): CompiledPolicy =>
      compile(`  pay: { rules: [{name: day, limit: {sum: args.amount, max: ${max}, window: day}}] }\n`);
    const judgedBy = sum(100);
    expect(verdict(sum(100), recorded({ judgedBy })).verdict).toBe("allow");
    expect(verdict(sum(200), recorded({ judgedBy })).verdict).toBe("allow");
    expect(verdict(sum(50), recorded({ judgedBy })).verdict).toBe("undetermined");
    const limited = recorded({ judgedBy, decision: "rate_limited", rule: "/tools/pay/rules/day" });
    expect(verdict(sum(100), limited).verdict).toBe("rate_limited");
    expect(verdict(sum(200), limited).verdict).toBe("undetermined");
  });
});

describe("counts of calls", () => {
  const rate = (max: number): CompiledPolicy =>
    compile(`  pay: { rules: [{name: rate, rate_limit: ${max}/minute}] }\n`);
  test("a tighter rate refuses what came too much in each window, and failed calls gave their place back", () => {
    const replay = new Replay(rate(2));
    const at = (second: number, counted = true): string =>
      replay.judge(recorded({ now: new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString(), counted })).verdict;
    expect([at(0), at(1, false), at(2), at(3), at(60)]).toEqual(["allow", "allow", "allow", "rate_limited", "allow"]);
  });
  test("a call that was refused then may have failed, so what comes behind it is open", () => {
    const replay = new Replay(rate(1));
    const refused = replay.judge(recorded({ decision: "rate_limited", rule: "/tools/pay/rules/old" }));
    expect([refused.verdict, replay.judge(recorded()).verdict]).toEqual(["allow", "undetermined"]);
  });
  test("grants count apart unless the limit says otherwise", () => {
    const org = compile("  pay: { rules: [{name: all, limit: {max: 1, window: day, per: org}}] }\n");
    const other = recorded({ scope: { ...scope, grantId: "h" } });
    const [one, two] = [new Replay(rate(1)), new Replay(org)];
    expect([one.judge(recorded()).verdict, one.judge(other).verdict]).toEqual(["allow", "allow"]);
    expect([two.judge(recorded()).verdict, two.judge(other).verdict]).toEqual(["allow", "rate_limited"]);
  });
});
