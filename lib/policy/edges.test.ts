import { describe, expect, test } from "vitest";
import type { Value } from "@/lib/kernel/value";
import { checkPolicy } from "./check";
import { compilePolicy } from "./compile";
import { evaluate } from "./evaluate";
import { factsOf } from "./facts";
import { matchesGlob } from "./glob";
import { parsePolicy } from "./parse";
import { parsePath } from "./path";
import { subjectMax } from "./pattern";
import { stepInto } from "./resolve";
import { readTree } from "./yaml-tree";

/** Whether a call with the argument `a` meets this comparison: `allow`, or the reason of the denial. */
function judged(comparison: string, a: Value): string {
  const rule = `{ name: r, conditions: [{ path: args.a, ${comparison} }] }`;
  const parsed = parsePolicy(`version: "1"\ndefault: deny\ntools: { pay: { rules: [${rule}] } }`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const compiled = compilePolicy(parsed.document, { digest: (text) => text });
  const decision = evaluate(compiled, factsOf({ tool: "pay", args: new Map([["a", a]]) }));
  return decision.kind === "deny" ? decision.reason : decision.kind;
}

describe("a star stands for nothing, too", () => {
  test.each([
    ["a*b", "ab", true],
    ["*b", "b", true],
    ["a*", "a", true],
    ["a**b", "ab", true],
    ["a*b*c", "abc", true],
    ["a*?", "a", false],
    ["a*?", "ab", true],
    ["a*b", "abb", true],
    ["a*b", "aba", false],
    ["*", "", true],
    ["?", "", false],
    ["", "", true],
    ["", "a", false],
    ["a", "ab", false],
    ["a*undefined", "a", false],
  ])("%s matches %s: %s", (pattern, text, matches) => {
    expect(matchesGlob(pattern, text)).toBe(matches);
  });
});

describe("comparisons of texts", () => {
  test.each([
    ["op: ends_with, value: ab", "xab", "allow"],
    ["op: ends_with, value: ab", "abx", "rule"],
    ['op: ends_with, value: "*b"', "xab", "rule"],
    ["op: starts_with, value: ab", "abx", "allow"],
    ["op: starts_with, value: ab", "xab", "rule"],
    ['op: glob, value: "a*b"', "ab", "allow"],
    ["op: contains, value: b", "abc", "allow"],
    ["op: eq, value: ~", "x", "rule"],
    ["op: neq, value: ~", "x", "allow"],
    ["op: in, value: [~, x]", "y", "rule"],
    ["op: in, value: [~, x]", true, "type"],
    ["op: in, value: [true, ~]", false, "rule"],
    ["op: in, value: [true, 1]", false, "type"],
  ])("%s with %j: %s", (comparison, value, expected) => {
    expect(judged(comparison, value)).toBe(expected);
  });

  test.each(['op: glob, value: "a*"', 'op: regex, value: "^a"'])(
    "%s is run on 65,536 characters at most",
    (comparison) => {
      expect([judged(comparison, "a".repeat(subjectMax)), judged(comparison, "a".repeat(subjectMax + 1))]).toEqual([
        ...["allow", "type"],
      ]);
    },
  );
});

describe("a path", () => {
  const refused = (text: string): string | null => {
    const result = parsePath(text);
    return result.ok ? null : result.message;
  };
  const roots = "A path begins with one of args, state, grant, server, tool, time, client, meta";
  test.each([
    ["args.a1", null],
    ["args.1a", null],
    ["args.1", "`.1` may be a key or an element"],
    ["args.12", "`.12` may be a key or an element"],
    ['args["12"]', null],
    ["args[12]", "Arguments are an object: name one first"],
    ["5args.a", roots],
    [".args.a", roots],
    ["", roots],
    ["grant.annotations.readOnlyHint", "`grant` has `grant.id`, `grant.label`, `grant.tags`"],
    ["server.name.x", "`server` has `server.name`"],
    ["tool.annotations.readOnlyHint", null],
  ])("%s: %s", (text, message) => {
    expect(refused(text)).toBe(message);
  });
  test("a tool has hints under `annotations` alone", () => {
    for (const text of ["tool.other.readOnlyHint", "tool.annotations.title", "tool.annotations", "tool[0]"]) {
      expect(refused(text)).toMatch(/^`tool` has `tool\.name`, .*openWorldHint`$/);
    }
  });
  test("a refusal without a hint has no hint, one with says how to write it", () => {
    expect(parsePath("server.x")).toEqual({ ok: false, code: "path", message: "`server` has `server.name`" });
    expect(parsePath("args.7")).toMatchObject({ hint: 'Write `[7]` or `["7"]`.' });
  });
});

describe("odd shapes", () => {
  test("an element is looked for in a map in vain, and an absent one may be skipped", () => {
    const rule = '{ name: r, action: deny, when: [{ path: "args.a[0]", op: eq, value: 1, if_absent: skip }] }';
    const parsed = parsePolicy(`version: "1"\ndefault: deny\ntools: { pay: { rules: [${rule}] } }`);
    if (!parsed.ok) throw new Error("bad");
    const compiled = compilePolicy(parsed.document, { digest: (text) => text });
    const args = new Map<string, Value>([["a", new Map([["b", "x"]])]]);
    expect(evaluate(compiled, factsOf({ tool: "pay", args })).kind).toBe("allow");
    expect(stepInto(["x"], { kind: "each" })).toBeUndefined();
  });
  test("an alias is read as nothing, and an entry without a value too", () => {
    expect(readTree("a: &x 1\nb: *x").root).toMatchObject({
      entries: new Map([
        ["a", {}],
        ["b", { value: { kind: "scalar", value: null, pointer: "/b", offset: 11 } }],
      ]),
    });
    expect(readTree("? a\n? b").root).toMatchObject({
      entries: new Map([
        ["a", { value: { kind: "scalar", value: null, pointer: "/a", offset: 2 } }],
        ["b", { value: { kind: "scalar", value: null, pointer: "/b", offset: 6 } }],
      ]),
    });
  });
  test("of many counters a test may give, ten are named", () => {
    const rules = Array.from({ length: 12 }, (_, at) => `{ name: r${at}, limit: { max: 5, window: day } }`);
    const given = "{ name: t, call: { tool: pay }, expect: allow, given: { state: { zzzzzzzzzzzz: 1 } } }";
    const text = `version: "1"\ndefault: deny\ntools: { pay: { rules: [${rules.join(", ")}] } }\ntests: [${given}]`;
    const [problem] = checkPolicy(text);
    expect(problem?.hint?.split(", ")).toHaveLength(10);
    expect(problem?.hint).toMatch(/^Counters: pay\S+, pay\S+, .*\.$/);
  });
});
