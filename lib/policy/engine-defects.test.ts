import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const document = readFileSync(path.join(root, "docs/engine-defects.md"), "utf8");
const rows = document.split("\n").filter((line) => /^\|.*`lib\//.test(line));
const files = rows.map((row) => /`(lib\/[^`]+)` *\|$/.exec(row)?.[1] ?? row);

test("every defect of the table names a test that exists", () => {
  expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  expect(rows.length).toBeGreaterThan(50);
});

test("every case about a defect stands in the table, once", () => {
  const folder = "lib/policy/cases/defects";
  const cases = readdirSync(path.join(root, folder)).map((file) => `${folder}/${file}`);
  expect(files.filter((file) => file.startsWith(folder)).sort()).toEqual(cases.sort());
});
