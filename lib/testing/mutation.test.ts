import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reportText, survivorsText } from "./mutation-report";
import { runMutation, type Judged } from "./mutation-run";

const file = "lib/policy/truth.ts";
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "policylayer-mutation-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, body: string): string {
  const at = path.join(folder, name);
  writeFileSync(at, `import { expect, test } from "vitest";\nimport * as truth from "@/${file}";\n${body}\n`);
  return at;
}

const run = (tests: readonly string[]): Promise<Judged[]> =>
  runMutation({ files: [file], tests, skip: /left out/, workers: 1, progress: () => undefined });
const counts = (judged: readonly Judged[]): Record<string, number> => {
  const all: Record<string, number> = {};
  for (const { outcome } of judged) all[outcome] = (all[outcome] ?? 0) + 1;
  return all;
};

describe("a mutation run", { timeout: 60_000 }, () => {
  test("kills what a test guards, and names the test", async () => {
    const judged = await run(["lib/policy/truth.test.ts"]);
    expect(judged.length).toBeGreaterThan(25);
    const [flipped] = judged.filter(
      ({ original, replacement }) => original === "truth === yes" && replacement === "truth !== yes",
    );
    expect(flipped).toMatchObject({ outcome: "killed", by: expect.stringContaining("not: unknown stays") as string });
    expect(judged.filter(({ outcome }) => outcome === "survived").length).toBeLessThanOrEqual(2);
    expect(reportText(judged)).toMatch(/mutation score (9[4-9]|100)\.\d % \(\d+\/\d+\), aim ≥ 90 %: reached\n$/);
  });

  test("kills nothing with tests that look at nothing, or that are left out", async () => {
    const blind = written("blind.test.ts", 'test("calls it", () => void truth.negate(truth.yes));');
    const skipped = written(
      "skipped.test.ts",
      'test("left out", () => expect(truth.negate(truth.yes)).toBe(truth.no));',
    );
    const judged = await run([blind, skipped]);
    expect(Object.keys(counts(judged)).sort()).toEqual(["survived", "uncovered"]);
    expect(survivorsText(judged)).toContain(`${file}:`);
    expect(reportText(judged)).toContain("mutation score 0.0 %");
  });

  test("kills what only loading passes, by loading anew", async () => {
    const early = written(
      "early.test.ts",
      'const seen = truth.negate(truth.yes);\ntest("sees", () => expect(seen).toBe(truth.no));',
    );
    expect(counts(await run([early]))["killed"]).toBeGreaterThanOrEqual(3);
  });

  test("does not begin when a test fails without any change", async () => {
    const failing = written(
      "failing.test.ts",
      'test("is wrong", () => expect(truth.negate(truth.yes)).toBe(truth.yes));',
    );
    await expect(run([failing])).rejects.toThrow(/without a mutant, a test fails.*is wrong/is);
  });
});
