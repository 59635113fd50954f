import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

/** Rows of the threat checklist (docs/security.md) that cost money or secrets when they fail; each is a test named with its id. */
const rows = [
  ["W", [1, 2, 3, 4, 5, 6, 7, 10, 11, 14]],
  ["H", [2, 3, 4, 9, 11]],
  ["P", [2, 3, 4, 7, 8, 9]],
  ["U", [1, 2, 3, 4, 5, 6, 11]],
] as const;

const root = path.resolve(import.meta.dirname, "../..");
const isTest = /\.(test|spec)\.tsx?$/;
function idsIn(folder: string): Set<string> {
  const ids = new Set<string>();
  for (const entry of readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })) {
    if (!isTest.test(entry) || entry.includes("node_modules")) continue;
    const text = readFileSync(path.join(root, folder, entry), "utf8");
    for (const [, id = ""] of text.matchAll(/["'`]([WHPU]\d{1,2}) /g)) ids.add(id);
  }
  return ids;
}

test("every row about bytes, HTTP, protocol and upstreams that guards money or secrets has a test with its id", () => {
  const found = new Set([...idsIn("lib"), ...idsIn("app"), ...idsIn("e2e")]);
  const wanted = rows.flatMap(([letter, numbers]) => numbers.map((number) => `${letter}${String(number)}`));
  expect(wanted.filter((id) => !found.has(id))).toEqual([]);
});
