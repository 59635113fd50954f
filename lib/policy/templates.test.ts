import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePolicy } from "./compile";
import { parsePolicy } from "./parse";
import { runPolicyTests } from "./run-tests";
import { fillTemplate } from "./template-fill";
import type { FillValue, FillValues } from "./template-fill";
import { findTemplate, inputOf, policyTemplates, readValues, sentenceOf } from "./templates";
import type { TemplateInfo, TemplateValue } from "./templates";
import type { Problem } from "./types";

const folder = path.join(import.meta.dirname, "templates");
const textOf = (id: string): string => readFileSync(path.join(folder, `${id}.yaml`), "utf8");
const digest = (text: string): string => String(text.length);

/** The tutorial is the one policy that must stay as its readers know it. */
const known: Readonly<Record<string, readonly string[]>> = { "payments-tutorial": ["default_omitted"] };
const codesOf = (problems: readonly Problem[]): string[] => problems.map((problem) => problem.code);

const defaultsOf = (template: TemplateInfo): FillValues =>
  Object.fromEntries(template.values.map((value) => [value.name, value.default]));

/** A parsed text without what only says where things stand. */
function meaningOf(text: string): unknown {
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return JSON.parse(
    JSON.stringify(parsed.document, (_key, value: unknown) => {
      if (value instanceof Map) return [...(value as ReadonlyMap<unknown, unknown>)];
      return typeof value === "bigint" ? String(value) : value;
    }),
  );
}

/** Ids of the rules of a policy that can decide something. */
function ruleIds(text: string): string[] {
  const parsed = parsePolicy(text);
  if (!parsed.ok) return [];
  const { tools } = parsed.document;
  return tools.flatMap((block) => block.rules.map((rule) => `/tools/${block.name}/rules/${rule.name}`));
}

function failuresOf(text: string): string[] {
  const run = runPolicyTests(text, { digest });
  const failed = run.results.filter((result) => !result.ok);
  const shown = failed.map(
    ({ name, line, expected, actual, rule }) => `${line} ${name}: ${expected}, ${actual} ${rule}`,
  );
  return [...run.problems.filter((problem) => problem.severity === "error").map((one) => one.message), ...shown];
}

test("every template of the list has its file and every file is in the list", () => {
  const files = readdirSync(folder).map((name) => name.replace(/\.yaml$/, ""));
  expect(policyTemplates.map((template) => template.id).sort()).toEqual(files.sort());
  expect(findTemplate("github")?.title).toBe("GitHub");
  expect(findTemplate("no such template")).toBeNull();
});

describe.each(policyTemplates.map((template) => [template.id, template] as const))("%s", (id, template) => {
  const text = textOf(id);

  test("is a policy without findings", () => {
    const parsed = parsePolicy(text);
    expect(codesOf(parsed.problems)).toEqual(known[id] ?? []);
    expect(parsed.ok).toBe(true);
  });

  test("has tests, and all of them pass", () => {
    const run = runPolicyTests(text, { digest });
    expect(run.passed).toBeGreaterThanOrEqual(6);
    expect(failuresOf(text)).toEqual([]);
  });

  test("has no rule that decides none of its tests", () => {
    const decided = new Set(runPolicyTests(text, { digest }).results.map((result) => result.rule));
    expect(ruleIds(text).filter((rule) => !decided.has(rule))).toEqual([]);
  });

  test("marks each of its values, and means the same with its defaults filled in", () => {
    for (const { name } of template.values) expect(text).toMatch(new RegExp(` # .*\\{${name}[ .}]`));
    const filled = fillTemplate(text, defaultsOf(template));
    expect(filled).not.toMatch(/# .*= \S*\{/);
    expect(meaningOf(filled)).toEqual(meaningOf(text));
    expect(meaningOf(fillTemplate(text, {}))).toEqual(meaningOf(text));
  });

  test("has only marks of values that it asks for", () => {
    const names = new Set(template.values.map((value) => value.name));
    const marks = text.split("\n").flatMap((line) => (/\S # (.*)$/.exec(line)?.[1] ?? "").match(/\{[a-z_]+/g) ?? []);
    expect(marks.map((mark) => mark.slice(1)).filter((name) => !names.has(name))).toEqual([]);
  });

  test("speaks of its values in its sentence, and of nothing else", () => {
    expect(sentenceOf(template, {})).not.toMatch(/[{}]/);
    expect(sentenceOf(template, {})).toBe(sentenceOf(template, defaultsOf(template)));
  });

  test("stays a policy without errors, whatever values are filled in", () => {
    fc.assert(
      fc.property(inputsOf(template), (inputs) => {
        const read = readValues(template, inputs);
        if (!read.ok) throw new Error(JSON.stringify(read.problems));
        const filled = fillTemplate(text, read.values);
        const errors = parsePolicy(filled).problems.filter((problem) => problem.severity === "error");
        expect(errors).toEqual([]);
        if (template.kind === "block") expect(failuresOf(filled)).toEqual([]);
      }),
      { numRuns: template.kind === "block" ? 30 : 6 },
    );
  });
});

/** What people could type for the values of a template, within what it takes. */
function inputsOf(template: TemplateInfo): fc.Arbitrary<Record<string, string>> {
  return fc.record(Object.fromEntries(template.values.map((value) => [value.name, inputArbitrary(value)])));
}

function inputArbitrary(value: TemplateValue): fc.Arbitrary<string> {
  switch (value.kind) {
    case "number":
      return fc.integer({ min: value.least, max: value.most }).map(String);
    case "text":
      return textArbitrary(value.shape.pattern);
    case "list":
      return fc
        .array(textArbitrary(value.shape.pattern), { minLength: 1, maxLength: 5 })
        .map((items) => items.join(", "));
  }
}

function textArbitrary(pattern: RegExp): fc.Arbitrary<string> {
  const wild = fc.string({ unit: "binary", minLength: 1, maxLength: 300 });
  const text = pattern.test("\u0085 \u2028: #")
    ? fc.oneof(wild, fc.constantFrom(...awkward))
    : fc.stringMatching(pattern);
  return text.filter((made) => pattern.test(made.trim()) && !/[\0\p{Surrogate}]/u.test(made));
}

/** Texts that YAML would take for something else if they were pasted in. */
const awkward = [
  "yes",
  "null",
  "12",
  "# no comment",
  "a: b",
  "- a",
  "*all",
  "&a",
  "'",
  '"',
  "\\",
  "{length}",
  "a\n  b: c",
  "|",
  "%",
];

describe("filling a template in", () => {
  const one = (line: string, values: FillValues): string => fillTemplate(line, values);

  test("replaces the value behind a key, an item of a list, a key, or both", () => {
    expect(one("      max: 5 # = {cap}", { cap: 7 })).toBe("      max: 7");
    expect(one("  - a # = {word}", { word: "b: c" })).toBe('  - "b: c"');
    expect(one("  create: # = {tool}", { tool: "make" })).toBe("  make:");
    expect(one('  "a.cap": 5 # {tool}.cap = {cap}', { tool: "b", cap: 6 })).toBe("  b.cap: 6");
    expect(one("  value: [a] # = {words}", { words: ["x", "no"] })).toBe('  value: [x, "no"]');
  });

  test("counts, repeats, pads and quotes for patterns", () => {
    expect(one("a: 1 # = {n - 1}", { n: 10 })).toBe("a: 9");
    expect(one("a: x # = {n + 1 times x}", { n: 2 })).toBe("a: xxx");
    expect(one("a: x # = {n.two}:00", { n: 8 })).toBe('a: "08:00"');
    expect(one("a: x # = ({words.alternatives})", { words: ["a.b", "c"] })).toBe('a: "(a\\\\.b|c)"');
  });

  test("keeps the default and drops the mark where a value is missing", () => {
    expect(one("a: 1 # = {n}", {})).toBe("a: 1");
    expect(one("a: 1 # = {n}", Object.create({ n: 2 }) as FillValues)).toBe("a: 1");
  });

  test("leaves other lines and comments alone", () => {
    expect(one("# a = b", { b: 1 })).toBe("# a = b");
    expect(one("a: 1 # one", {})).toBe("a: 1 # one");
  });

  test("a text stays one text, whatever it holds", () => {
    const template = findTemplate("require-reason");
    const message = 'x"\n  evil:\n    rules: []\n# \u2028.';
    const read = readValues(template as TemplateInfo, { message });
    const parsed = parsePolicy(fillTemplate(textOf("require-reason"), read.ok ? read.values : {}));
    expect(parsed.ok && parsed.document.tools.map((block) => block.name)).toEqual(["create_refund"]);
    expect(parsed.ok && parsed.document.tools[0]?.rules[0]?.onDeny).toBe(message);
  });
});

describe("values that people type", () => {
  const template = findTemplate("call-throttle") as TemplateInfo;
  const hours = findTemplate("business-hours") as TemplateInfo;
  const list = findTemplate("currency-allow-list") as TemplateInfo;
  const read = (of: TemplateInfo, inputs: Record<string, string>): FillValue | undefined | string[] => {
    const result = readValues(of, inputs);
    return result.ok ? Object.values(result.values)[0] : result.problems.map((problem) => problem.name);
  };

  test("what is not typed keeps its default", () => {
    expect(readValues(template, {})).toEqual({
      ok: true,
      values: { tool: "send_email", per_minute: 10, per_day: 200 },
    });
    expect(inputOf(list.values[1] as TemplateValue)).toBe("usd, eur");
  });

  test("numbers are whole, in digits and within their bounds", () => {
    for (const bad of ["", "0", "-1", "1.5", "1e3", "0x10", "1,000", "10000000000000000", "one"]) {
      expect(read(template, { per_minute: bad })).toEqual(["per_minute"]);
    }
    expect(read(hours, { from: "13" })).toEqual(["from"]);
    expect(readValues(hours, { from: "12", until: "13" })).toMatchObject({ values: { from: 12, until: 13 } });
  });

  test("lists come apart at commas and line breaks, once each", () => {
    expect(readValues(list, { currencies: "usd, eur\ngbp,,usd" })).toMatchObject({
      values: { currencies: ["usd", "eur", "gbp"] },
    });
    expect(read(list, { currencies: " , " })).toEqual(["currencies"]);
    expect(read(list, { currencies: "usd, not a code" })).toEqual(["currencies"]);
  });

  test("a tool is one name: no pattern, no counter scope of the gateway", () => {
    for (const bad of ["", "*", "create_*", "_global", "a b", "a\nb", "a: b"]) {
      expect(read(template, { tool: bad })).toEqual(["tool"]);
    }
  });

  test("all problems come at once, and unknown names are among them", () => {
    expect(read(template, { tool: "", per_day: "x", colour: "red" })).toEqual(["tool", "per_day", "colour"]);
  });
});

test("a sentence shows the values that were filled in, numbers in groups of three", () => {
  const template = findTemplate("daily-spend-cap") as TemplateInfo;
  expect(sentenceOf(template, { tool: "pay", cap: 2_500_000 })).toBe(
    "pay spends at most 2,500,000 a day in each currency.",
  );
});

test("a template that is compiled denies what it does not list", () => {
  for (const { id } of policyTemplates) {
    const parsed = parsePolicy(textOf(id));
    if (!parsed.ok) throw new Error(id);
    const expected = id === "no-destructive-tools" ? "allow" : "deny";
    expect(parsed.document.default, id).toBe(expected);
    expect(compilePolicy(parsed.document, { digest }).hash).not.toBe("");
  }
});
