import { describe, expect, test } from "vitest";
import { checkPolicy } from "./check";
import { parsePolicy } from "./parse";
import { readPlain } from "./yaml-scalar";
import { policyLimits, readTree } from "./yaml-tree";

const codesOf = (text: string): string[] => [...new Set(checkPolicy(text).map((problem) => problem.code))];

describe("hostile texts are refused, never thrown and never fatal", { timeout: 60_000 }, () => {
  test.each([
    ["open lists", "[".repeat(200_000)],
    ["closed lists", "[".repeat(100_000) + "]".repeat(100_000)],
    ["open maps", "{a: ".repeat(60_000)],
    ["dashes", "- ".repeat(100_000)],
    ["complex keys", "? ".repeat(100_000)],
    ["lists in a policy", `version: "1"\ntools: ${"[".repeat(5000)}`],
    ["deep indents", Array.from({ length: 300 }, (_, index) => `${" ".repeat(index)}a:`).join("\n")],
  ])("%s nest too deep", (_, text) => {
    expect(codesOf(text)).toContain("depth");
  });

  test("the place of too deep nesting is pointed out", () => {
    const levels = policyLimits.depth;
    const text = `version: "1"\ndescription: ${"[".repeat(levels + 1)}${"]".repeat(levels + 1)}`;
    expect(checkPolicy(text)).toMatchObject([
      { code: "depth", line: 2, column: 14 + levels, message: `Nested deeper than ${levels} levels` },
    ]);
  });

  test("what nests within the limit is read", () => {
    const levels = policyLimits.depth - 2;
    expect(codesOf(`version: "1"\ndescription: ${"[".repeat(levels)}${"]".repeat(levels)}`)).not.toContain("depth");
  });

  test.each([
    ["anchors", "&a ".repeat(20_000)],
    ["tags", "!a ".repeat(20_000)],
    ["aliases", "*a ".repeat(20_000)],
    ["commas", `[${",".repeat(20_000)}]`],
    ["closers", "]".repeat(20_000)],
    ["documents", "---\n".repeat(20_000)],
    ["directives", "%A\n".repeat(20_000)],
    ["quotes", '"a" '.repeat(20_000)],
  ])("a text of nothing but %s gives a bounded list of problems", (_, text) => {
    const problems = checkPolicy(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThan(300);
  });

  test("sixty thousand keys are compared without quadratic time", () => {
    const keys = Array.from({ length: 30_000 }, (_, index) => `k${index}:`).join("\n");
    expect(codesOf(keys)).toEqual(["missing", "unknown_key"]);
  });

  test("billion laughs end at the first alias", () => {
    const text = 'version: "1"\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n';
    expect(codesOf(text)).toEqual(expect.arrayContaining(["anchor", "alias", "unknown_key"]));
  });

  test("the size is counted in UTF-8", () => {
    const head = 'version: "1"\n#';
    expect(codesOf(head + "x".repeat(policyLimits.bytes - head.length))).not.toContain("too_large");
    expect(codesOf(head + "x".repeat(policyLimits.bytes - head.length + 1))).toEqual(["too_large"]);
    expect(codesOf(head + "é".repeat((policyLimits.bytes - head.length) / 2 + 1))).toEqual(["too_large"]);
    expect(codesOf("é" + "x".repeat(policyLimits.bytes - 2))).not.toContain("too_large");
    expect(codesOf("é" + "x".repeat(policyLimits.bytes - 1))).toEqual(["too_large"]);
    expect(codesOf(head + "\u{1f600}".repeat(policyLimits.bytes / 4 - 4))).not.toContain("too_large");
    expect(codesOf(head + "\u{1f600}".repeat(policyLimits.bytes / 4 - 3))).toEqual(["too_large"]);
  });

  test.each([
    ["a NUL", "version: \0"],
    ["a lone surrogate", "version: \ud800"],
    ["a line break that editors show and the reader does not", 'version: "1"\n# note\rdefault: allow\n'],
    ["an escaped NUL", 'version: "\\0"'],
    ["an escaped surrogate", 'version: "\\ud800"'],
  ])("%s is refused", (_, text) => {
    expect(codesOf(text)).toContain("encoding");
  });

  test.each(["", " ", "null", "~", "[]", "5", '"text"', "- a", "true", "\ufeff", "---", "...", "\t", ":", "?"])(
    "%j is no policy",
    (text) => {
      const result = parsePolicy(text);
      expect(result.ok).toBe(false);
      expect(result.problems[0]).toMatchObject({ severity: "error", line: expect.any(Number) as number });
    },
  );
});

describe("what a plain scalar means", () => {
  test.each([
    ["", null],
    ["~", null],
    ["null", null],
    ["true", true],
    ["False", false],
    ["yes", "yes"],
    ["no", "no"],
    ["on", "on"],
    ["2026-01-01", "2026-01-01"],
    ["1.2.3", "1.2.3"],
    ["60/minute", "60/minute"],
    ["12:30", "12:30"],
    ["nan", "nan"],
    ["<<", "<<"],
    ["-", "-"],
  ])("%j is read as %j", (text, value) => {
    expect(readPlain(text)).toEqual({ ok: true, value });
  });

  test.each([
    ".5",
    "5.",
    "+5",
    "007",
    "0x1f",
    "0o17",
    "0b1",
    "1_000",
    ".inf",
    "-.INF",
    ".nan",
    ".NaN",
    "1e31",
    "-01",
    "1".repeat(31),
  ])("W2 %s is refused rather than guessed", (text) => {
    expect(readPlain(text)).toMatchObject({ ok: false });
  });
});

test("nodes know their pointers and places", () => {
  const { root, positionOf } = readTree('a:\n  - "x/y": [1, 2]\n');
  const list = root?.kind === "map" ? root.entries.get("a")?.value : undefined;
  const item = list?.kind === "list" ? list.items[0] : undefined;
  const entry = item?.kind === "map" ? item.entries.get("x/y") : undefined;
  expect(entry?.key.pointer).toBe("/a/0/x~1y");
  expect(positionOf(entry?.key.offset ?? 0)).toEqual({ line: 2, column: 5 });
});
