import { expect, test } from "vitest";
import { parsePolicy } from "@/lib/policy/parse";
import { readImport } from "./read-import";

const hosted = JSON.stringify({
  default: "deny",
  hide: ["delete_customer"],
  tools: { create_charge: { require: [{ path: "args.amount", op: "lte", value: 50000, on_deny: "Too much" }] } },
});

test("the hosted form becomes a text of this language", async () => {
  const read = await readImport(hosted);
  expect(read.ok && parsePolicy(read.text).ok).toBe(true);
  expect(read.ok && read.text).toContain("Too much");
});

test("a text of this language is taken as it stands, comments, faults and all", async () => {
  for (const text of ['# mine\nversion: "1"\ntools: {}\n', '{"version": "1", "tools": {}}', "tools: ["]) {
    expect(await readImport(text)).toEqual({ ok: true, text, notes: [] });
  }
});

test("JSON that is neither says what is wrong", async () => {
  const read = await readImport('{"servers": 5}');
  expect(read.ok).toBe(false);
  expect(!read.ok && read.problems.length).toBeGreaterThan(0);
});

test("nothing and too much are refused", async () => {
  expect((await readImport(" \n")).ok).toBe(false);
  expect((await readImport(`# ${"x".repeat(262_144)}`)).ok).toBe(false);
});
