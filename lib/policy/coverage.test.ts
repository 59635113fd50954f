import { describe, expect, test } from "vitest";
import { compilePolicy } from "./compile";
import { classOf, coverageOf } from "./coverage";
import type { CoverageCell, Decided, Shadowed, ToolCoverage } from "./coverage";
import { parsePolicy } from "./parse";

type Policy = Parameters<typeof coverageOf>[0];

function policyOf(body: string): Policy {
  const parsed = parsePolicy(`version: "1"\n${body}`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return { document: parsed.document, compiled: compilePolicy(parsed.document, { digest: (text) => text }) };
}

const decided = (tool: string, rule: string, count = 1, lastAt = "2026-01-01T00:00:00Z"): Decided => ({
  ...{ tool, rule, count, lastAt },
});

function toolIn(body: string, tool: string, rows: readonly Decided[] = []): ToolCoverage {
  const found = coverageOf(policyOf(body), [tool], { decided: rows, shadowed: [] }).tools.find(
    (one) => one.tool === tool,
  );
  if (!found) throw new Error("The tool is not covered.");
  return found;
}

const states = (cells: readonly CoverageCell[]): string[] => cells.map(({ name, state }) => `${name} ${state}`);

const cap = "{ name: cap, conditions: [{ path: args.a, op: lte, value: 5 }] }";
const no = "{ name: no, action: deny }";
const some = "{ name: some, action: deny, when: [{ path: args.b, op: eq, value: 1 }] }";
const ask = "{ name: ask, action: require_approval }";
const askSome = "{ name: ask some, action: require_approval, when: [{ path: args.b, op: eq, value: 1 }] }";

describe("what a policy does with a tool before any argument is looked at", () => {
  test.each([
    ["hidden", "hide: [pay]\ntools: { pay: { rules: [] } }"],
    ["default_deny", "default: deny\ntools: { other: { rules: [] } }"],
    ["allow", "default: allow\ntools: { other: { rules: [] } }"],
    ["allow", "tools: { pay: { rules: [] } }"],
    ["rules", `tools: { pay: { rules: [${cap}] } }`],
    ["rules", `tools: { pay: { rules: [${some}] } }`],
    ["rules", `tools: { pay: { rules: [${askSome}] } }`],
    ["hold", `tools: { pay: { rules: [${cap}, ${ask}] } }`],
    ["deny", `tools: { pay: { rules: [${ask}, ${no}] } }`],
    ["allow", `tools: { pay: { rules: [{ name: no, action: deny, mode: shadow }] } }`],
  ])("%s: %s", (wanted, body) => {
    expect(classOf(policyOf(body).compiled, "pay")).toBe(wanted);
  });
});

describe("coverage of a tool", () => {
  test("says of each rule of its blocks whether it decided, in the order of the file", () => {
    const body = `tools: { pay: { rules: [${cap}, ${some}] }, "p*": { rules: [${ask}] }, other: { rules: [${no}] }, "*": { rules: [{ name: rate, rate_limit: 5/day }] } }`;
    const covered = toolIn(body, "pay", [decided("pay", "/tools/pay/rules/cap", 3, "2026-01-02T00:00:00Z")]);
    expect(states(covered.cells)).toEqual(["cap decides", "some never", "ask never", "rate never"]);
    expect(covered.cells[0]).toEqual({
      ...{ rule: "/tools/pay/rules/cap", name: "cap", action: "evaluate", state: "decides", count: 3 },
      lastAt: "2026-01-02T00:00:00Z",
    });
    expect(covered.cells[3]).toMatchObject({ rule: "/tools/*/rules/rate", count: 0, lastAt: null });
  });

  test("names of blocks and rules are escaped as in the log", () => {
    const body = 'tools: { "a/b": { rules: [{ name: "x~y", action: deny }] } }';
    const covered = toolIn(body, "a/b", [decided("a/b", "/tools/a~1b/rules/x~0y")]);
    expect(covered.cells).toMatchObject([{ rule: "/tools/a~1b/rules/x~0y", state: "decides", count: 1 }]);
  });

  test("what stands behind a flat denial cannot be reached, the denial itself and what stands before can", () => {
    const body = `tools: { pay: { rules: [${cap}, ${no}, ${some}] } }`;
    expect(states(toolIn(body, "pay").cells)).toEqual(["cap never", "no never", "some unreachable"]);
    const earlier = toolIn(body, "pay", [decided("pay", "/tools/pay/rules/some")]);
    expect(states(earlier.cells)).toEqual(["cap never", "no never", "some decides"]);
  });

  test("nothing of a hidden tool or of one that is denied by default can be reached", () => {
    expect(states(toolIn(`hide: [pay]\ntools: { pay: { rules: [${cap}] } }`, "pay").cells)).toEqual([
      "cap unreachable",
    ]);
    const star = `default: deny\ntools: { other: { rules: [] }, "*": { rules: [${cap}] } }`;
    expect(states(toolIn(star, "pay").cells)).toEqual(["cap unreachable"]);
    expect(states(toolIn(star.replace("deny", "allow"), "pay").cells)).toEqual(["cap never"]);
  });

  test("rules in shadow or off say so, whatever was counted, and make nothing unreachable", () => {
    const body = `tools: { pay: { rules: [{ name: s, action: deny, mode: shadow }, { name: o, action: deny, mode: off }, ${cap}] } }`;
    const covered = toolIn(body, "pay", [decided("pay", "/tools/pay/rules/s", 2)]);
    expect(states(covered.cells)).toEqual(["s shadow", "o off", "cap never"]);
    expect(covered.cells[0]?.count).toBe(2);
  });

  test("calls that were allowed and calls that only `default` decided are summed apart", () => {
    const listed = "default: deny\ntools: { pay: { rules: [] } }";
    const rows = [
      decided("pay", "", 4),
      decided("pay", "(default deny)", 2, "2026-03-01T00:00:00Z"),
      decided("x", "", 9),
    ];
    expect(toolIn(listed, "pay", rows)).toMatchObject({
      ...{ class: "allow", fallsToDefault: false, allowed: 4, byDefault: 2, lastAt: "2026-03-01T00:00:00Z" },
    });
    const open = "default: allow\ntools: { other: { rules: [] } }";
    expect(toolIn(open, "pay", rows)).toMatchObject({ class: "allow", fallsToDefault: true, allowed: 4, byDefault: 6 });
    expect(toolIn(open, "pay", [decided("pay", "/tools/x/rules/y", 5)])).toMatchObject({ allowed: 0, byDefault: 0 });
  });

  test("a hidden tool does not fall to `default`, and one without calls was never called", () => {
    const covered = toolIn("default: deny\nhide: [pay]\ntools: { other: { rules: [] } }", "pay");
    expect(covered).toMatchObject({ class: "hidden", fallsToDefault: false, allowed: 0, byDefault: 0, lastAt: null });
    expect(toolIn("default: deny\ntools: { other: { rules: [] } }", "pay").fallsToDefault).toBe(true);
  });
});

describe("coverage of a policy", () => {
  const body = `tools: { pay: { rules: [${cap}] }, "p*": { rules: [${ask}] }, lost: { rules: [{ name: s, action: deny, mode: shadow }] } }`;
  const shadowed: Shadowed[] = [
    { rule: "/tools/lost/rules/s", would: "deny", count: 7, lastAt: "2026-01-05T00:00:00Z" },
    { rule: "/tools/other/rules/s", would: "hold", count: 1, lastAt: "2026-01-05T00:00:00Z" },
  ];
  const log = {
    decided: [
      decided("pay", "/tools/p*/rules/ask", 1, "2026-01-02T00:00:00Z"),
      decided("put", "/tools/p*/rules/ask", 2, "2026-01-09T00:00:00Z"),
      decided("pin", "/tools/p*/rules/ask", 4, "2026-01-03T00:00:00Z"),
    ],
    shadowed,
  };

  test("lists tools once, by name: those of the servers and those of the log", () => {
    expect(coverageOf(policyOf(body), ["pay", "get", "pay"], log).tools.map(({ tool }) => tool)).toEqual([
      ...["get", "pay", "pin", "put"],
    ]);
  });

  test("sums each rule over all tools, with the tools that it applies to and what it would have done", () => {
    expect(coverageOf(policyOf(body), ["get"], log).rules).toEqual([
      {
        ...{ rule: "/tools/pay/rules/cap", name: "cap", block: "pay", mode: "enforce", decides: 0, lastAt: null },
        ...{ tools: 1, shadow: [] },
      },
      {
        ...{ rule: "/tools/p*/rules/ask", name: "ask", block: "p*", mode: "enforce", decides: 7 },
        ...{ lastAt: "2026-01-09T00:00:00Z", tools: 3, shadow: [] },
      },
      {
        ...{ rule: "/tools/lost/rules/s", name: "s", block: "lost", mode: "shadow", decides: 0, lastAt: null },
        ...{ tools: 0, shadow: [shadowed[0]] },
      },
    ]);
  });
});
