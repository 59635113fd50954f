import { describe, expect, test } from "vitest";
import { absent, both, either, mistyped, negate, no, reasonOf, toTruth, yes } from "./truth";
import type { Truth } from "./truth";

const all = [yes, no, absent, mistyped] as const;
const letter = (truth: Truth): string => ({ [yes]: "y", [no]: "n", [absent]: "a", [mistyped]: "t" })[truth];
const table = (join: (a: Truth, b: Truth) => Truth): string[] =>
  all.map((a) => all.map((b) => letter(join(a, b))).join(""));

describe("three-valued truth (Kleene), written out", () => {
  test("and: false beats unknown beats true, of two unknowns the first stays", () => {
    expect(table(both)).toEqual(["ynat", "nnnn", "anaa", "tntt"]);
  });

  test("or: true beats unknown beats false, of two unknowns the first stays", () => {
    expect(table(either)).toEqual(["yyyy", "ynat", "yaaa", "yttt"]);
  });

  test("not: unknown stays what it is", () => {
    expect(all.map((truth) => letter(negate(truth))).join("")).toBe("nyat");
  });

  test("reasons of a log, and truth of a boolean", () => {
    expect(all.map(reasonOf)).toEqual(["rule", "rule", "absent", "type"]);
    expect([toTruth(true), toTruth(false)]).toEqual([yes, no]);
  });
});
