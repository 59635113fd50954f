import { describe, expect, test } from "vitest";
import { decimalOf, parseDecimal } from "@/lib/kernel/decimal";
import { findPatternFault } from "./pattern";
import type { Problem } from "./types";
import { readPlain } from "./yaml-scalar";
import { policyLimits, readTree } from "./yaml-tree";

/** `code line:column path | message | hint` of every problem. */
const shown = ({ code, line, column, path, message, hint }: Problem): string =>
  [`${code} ${line}:${column} ${path}`.trimEnd(), message, ...(hint === undefined ? [] : [hint])].join(" | ");
const problemsOf = (text: string): string[] => readTree(text).problems.sorted().map(shown);

describe("a text that is refused says where and why", () => {
  test.each<[string, string, string[]]>([
    ["a NUL", "a: \u0000", ["encoding 1:1 | Character 4 is a NUL or half of a surrogate pair"]],
    ["half a pair", "\ud800", ["encoding 1:1 | Character 1 is a NUL or half of a surrogate pair"]],
    ["a lone carriage return", "a: 1\rb: 2", ["encoding 1:1 | Character 5 is a carriage return without a line feed"]],
    ["an escaped half", 'a: "\\ud800"', ["encoding 1:4 /a | A text holds a NUL or half of a surrogate pair"]],
    ["a directive", "%YAML 1.2\n---\na: 1", ["directive 1:1 | Directives (lines that begin with `%`) are not allowed"]],
    ["two documents", "a: 1\n---\nb: 2", ["syntax 2:1 | A policy is one document, without `---` inside"]],
    [
      "an alias",
      "a: &x 1\nb: *x",
      [
        "anchor 1:7 /a | Anchor `&x`: anchors are not allowed",
        "alias 2:4 /b | Alias `*x`: aliases are not allowed | Write the value out.",
      ],
    ],
    ["a tag", "a: !x 1", ["tag 1:7 /a | Tag `!x`: tags are not allowed"]],
    ["a tag on a key", "!x a: 1", ["tag 1:4 /a | Tags are not allowed"]],
    ["an anchor on a key", "&x a: 1", ["anchor 1:4 /a | Anchors are not allowed"]],
    ["a key that is a list", "? [a]\n: 1", ["key 1:3 | A key is a plain text"]],
    ["a key twice", "a: 1\na: 2", ["duplicate_key 2:1 /a | Key `a` is given twice"]],
  ])("%s", (_, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  test("of a broken text the first hundred complaints are kept, and tabs get a hint", () => {
    expect(problemsOf("a:\n\tb: 1")[0]).toMatch(
      /^syntax 2:1 \| Tabs are not allowed as indentation.*\| Indent with spaces\.$/s,
    );
    expect(problemsOf("a: [")[0]).not.toContain("Indent");
    expect(problemsOf("]\n".repeat(300))).toHaveLength(100);
    expect(readTree("]\n".repeat(300)).root).toBeNull();
  });

  test("nothing is read of a text with such characters", () => {
    for (const text of ["a: \u0000", "a: 1\rb: 2"]) expect(readTree(text).root).toBeNull();
    expect(readTree("a: 1\r\nb: 2\r\n").problems.sorted()).toEqual([]);
  });
});

describe("the size in UTF-8", () => {
  const size = (unit: string, bytes: number): boolean => {
    const filler = policyLimits.bytes - 2;
    const body = unit.repeat(Math.floor(filler / bytes)) + "a".repeat(filler % bytes);
    const fits = !problemsOf(`# ${body}`).some((line) => line.startsWith("too_large"));
    const over = problemsOf(`# ${body}a`);
    return fits && over.length === 1 && over[0] === "too_large 1:1 | A policy has at most 256 KiB";
  };
  test.each([
    ["a", 1],
    ["\u007f", 1],
    ["\u0080", 2],
    ["\u07ff", 2],
    ["\u0800", 3],
    ["\ud7ff", 3],
    ["\ue000", 3],
    ["\uffff", 3],
    ["\u{10000}", 4],
    ["\u{10ffff}", 4],
  ])("%s takes %s bytes", (unit, bytes) => {
    expect(size(unit, bytes)).toBe(true);
  });
  test("a text that is too large is not read at all", () => {
    expect(readTree(`a: 1 # ${"x".repeat(policyLimits.bytes)}`).root).toBeNull();
  });
});

describe("the depth", () => {
  const nested: [string, (levels: number) => string][] = [
    ["lists in brackets", (levels) => "[".repeat(levels) + "]".repeat(levels)],
    ["maps in braces", (levels) => "{a: ".repeat(levels) + "1" + "}".repeat(levels)],
    ["dashes", (levels) => "- ".repeat(levels) + "1"],
    ["indented keys", (levels) => Array.from({ length: levels }, (_, at) => `${" ".repeat(at)}a:`).join("\n")],
    ["keys that are lists", (levels) => `? ${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}\n: 1`],
  ];
  test.each(nested)("%s: 65 collections are read, 66 are not", (_, build) => {
    expect(problemsOf(build(65)).filter((line) => line.startsWith("depth"))).toEqual([]);
    const deep = readTree(build(66));
    expect(deep.root).toBeNull();
    expect(deep.problems.sorted().map(({ code, message }) => `${code} ${message}`)).toEqual([
      "depth Nested deeper than 64 levels",
    ]);
  });
  test("the place is where the first level too many begins", () => {
    expect(problemsOf(`${"[".repeat(70)}${"]".repeat(70)}`)).toEqual(["depth 1:66 | Nested deeper than 64 levels"]);
    expect(problemsOf(`a: 1\nb: ${"[".repeat(70)}${"]".repeat(70)}`)).toEqual([
      "depth 2:68 | Nested deeper than 64 levels",
    ]);
  });
});

describe("what the tree keeps", () => {
  test("places, kinds and the order of keys; an empty value is null", () => {
    const { root } = readTree('b: [1, "x"]\n"a/~": { c: }\nd:\n');
    expect(root).toEqual({
      ...{ kind: "map", pointer: "", offset: 0 },
      entries: new Map([
        [
          "b",
          {
            key: { pointer: "/b", offset: 0 },
            value: {
              ...{ kind: "list", pointer: "/b", offset: 3 },
              items: [
                { kind: "scalar", value: decimalOf(1), pointer: "/b/0", offset: 4 },
                { kind: "scalar", value: "x", pointer: "/b/1", offset: 7 },
              ],
            },
          },
        ],
        [
          "a/~",
          {
            key: { pointer: "/a~1~0", offset: 12 },
            value: {
              ...{ kind: "map", pointer: "/a~1~0", offset: 19 },
              entries: new Map([
                [
                  "c",
                  {
                    key: { pointer: "/a~1~0/c", offset: 21 },
                    value: { kind: "scalar", value: null, pointer: "/a~1~0/c", offset: 24 },
                  },
                ],
              ]),
            },
          },
        ],
        [
          "d",
          {
            key: { pointer: "/d", offset: 26 },
            value: { kind: "scalar", value: null, pointer: "/d", offset: 28 },
          },
        ],
      ]),
    });
    expect([...((root?.kind === "map" && root.entries.keys()) || [])]).toEqual(["b", "a/~", "d"]);
    expect(readTree("{ a }").root).toMatchObject({
      entries: new Map([["a", { value: { kind: "scalar", value: null } }]]),
    });
    expect(readTree("- \n- ~\n").root).toMatchObject({ items: [{ kind: "scalar", value: null }, { value: null }] });
  });
  test("an empty text has no root and no problem, one that begins with a line break counts from the next line", () => {
    for (const text of ["", "\n", "# only a comment"]) {
      expect([readTree(text).root, problemsOf(text)]).toEqual([null, []]);
    }
    expect(problemsOf("\na: !x 1")).toEqual(["tag 2:7 /a | Tag `!x`: tags are not allowed"]);
  });
});

describe("an unquoted scalar", () => {
  test.each([
    ...["", "~", "null", "Null", "NULL"].map((text) => [text, null] as const),
    ...["true", "True", "TRUE"].map((text) => [text, true] as const),
    ...["false", "False", "FALSE"].map((text) => [text, false] as const),
    ...["0", "-0", "12", "-1.5", "0.25", "1e2", "1E+2", "5e-12", "1.5e10"].map(
      (text) => [text, parseDecimal(text)] as const,
    ),
    ...["tRUE", "nULL", "yes", "off", "1a", "a1", "1.2.3", "1-2", "e5", "1e", "+", ".", "-", "0x", "x0x10"].map(
      (text) => [text, text] as const,
    ),
    ...["0x1g", "1_000_a", "x.inf", ".info", ".nano", "x.nan", ".iNF", "+a", "_1", "10:30"].map(
      (text) => [text, text] as const,
    ),
  ])("%s", (text, value) => {
    expect(readPlain(text)).toEqual({ ok: true, value });
  });

  const plain = "Write it like 16, 0.5 or -2, or quote it if it is a text.";
  test.each(
    [
      ...[
        ".5",
        "-.5",
        "+.25",
        "+1",
        "1.",
        "12.",
        "+12.5",
        "007",
        "-01",
        "01.25",
        "1_000",
        "0x10",
        "-0x1F",
        "+0o17",
        "0b11",
      ],
      ...["1.e5", "+1e5", ".5e-10", "01e+12", ".5E3", "1__", "00"],
    ].map((text) => [text]),
  )("%s is no number that all readers agree about", (text) => {
    expect(readPlain(text)).toEqual({ ok: false, message: `${text} is not a plain decimal number`, hint: plain });
  });

  test.each([".inf", "-.inf", "+.Inf", ".INF", ".nan", ".NaN", ".NAN"])("%s is no number to compare", (text) => {
    const message = `${text} is not a number that can be compared`;
    expect(readPlain(text)).toEqual({ ok: false, message, hint: "Quote it if it is a text." });
  });

  test("beyond 30 digits or ten to the 30 it is refused, and long ones are cut in the message", () => {
    const hint = "Quote it if it is a text.";
    const message = (text: string): string => `${text} has more than 30 digits or lies beyond ten to the ±30`;
    expect(readPlain("1".repeat(31))).toEqual({ ok: false, message: message("1".repeat(31)), hint });
    expect(readPlain("1".repeat(50))).toEqual({ ok: false, message: message("1".repeat(40)), hint });
    expect(readPlain("1e31")).toEqual({ ok: false, message: message("1e31"), hint });
    expect(readPlain(`0${"1".repeat(50)}`)).toMatchObject({
      ...{ ok: false, message: `0${"1".repeat(39)} is not a plain decimal number` },
    });
  });
});

describe("a pattern", () => {
  test("has at most 1000 characters and a program of bounded size", () => {
    expect(findPatternFault("a".repeat(1000))).toBeNull();
    expect(findPatternFault("a".repeat(1001))).toBe("A pattern has at most 1000 characters");
    expect(findPatternFault("a{1000}b{998}")).toBeNull();
    expect(findPatternFault("a{1000}b{999}")).toBe("The pattern repeats too much");
    expect(findPatternFault("(a")).toBe("error parsing regexp: missing closing ): `(a`");
  });
});
