import { describe, expect, test } from "vitest";
import { factsOf } from "./facts";
import { ruleName, runPolicyTests } from "./run-tests";

const digest = (text: string): string => text;

describe("the tests of a policy", () => {
  test("each come out with line, answer and deciding rule, in file order", () => {
    const text = `version: "1"
tools:
  pay:
    rules:
      - { name: a/b, conditions: [{ path: args.n, op: lte, value: 5 }] }
tests:
  - { name: small, call: { tool: pay, args: { n: 5 } }, expect: allow }
  - name: big
    call: { tool: pay, args: { n: 6 } }
    expect: allow
    rule: a/b
  - { name: other, call: { tool: x }, expect: deny, rule: (default deny) }
`;
    expect(runPolicyTests(text, { digest })).toEqual({
      passed: 2,
      failed: 1,
      results: [
        { name: "small", line: 7, ok: true, expected: "allow", actual: "allow", rule: "", expectedRule: null },
        {
          name: "big",
          line: 8,
          ok: false,
          expected: "allow",
          actual: "deny",
          rule: "/tools/pay/rules/a~1b",
          expectedRule: "a/b",
        },
        {
          name: "other",
          line: 12,
          ok: true,
          expected: "deny",
          actual: "deny",
          rule: "(default deny)",
          expectedRule: "(default deny)",
        },
      ],
      problems: [],
    });
  });

  test("are not run while the policy has an error, and warnings come along with results", () => {
    const tests = "tests:\n  - { name: x, call: { tool: a }, expect: deny }\n";
    const broken = runPolicyTests(`version: "2"\n${tests}`, { digest });
    expect(broken).toMatchObject({ passed: 0, failed: 0, results: [], problems: [{ code: "version" }] });
    const warned = runPolicyTests(`version: "1"\n${tests}`, { digest });
    expect(warned).toMatchObject({ passed: 1, failed: 0, problems: [{ severity: "warning", code: "denies_all" }] });
  });
});

test.each([
  ["/tools/pay/rules/daily cap", "daily cap"],
  ["/tools/a~1b/rules/c~1d~0e", "c/d~e"],
  ["/tools/a/rules/x~01", "x~1"],
  ["(hidden)", "(hidden)"],
])("the rule %s is named %s", (id, name) => {
  expect(ruleName(id)).toBe(name);
});

test("what nobody gives is ordinary, never guessed from the call", () => {
  expect(factsOf({ tool: "delete_user", args: new Map([["label", "admin"]]) })).toEqual({
    tool: "delete_user",
    args: new Map([["label", "admin"]]),
    grant: { id: "00000000-0000-4000-8000-000000000000", label: "test", tags: [] },
    server: { name: "test" },
    client: { name: null },
    toolFacts: { category: null, risk: null, annotations: new Map() },
    meta: new Map(),
    now: "2026-01-01T12:00:00Z",
  });
});
