import { describe, expect, test } from "vitest";
import type { Value } from "@/lib/kernel/value";
import { compilePolicy, planFor } from "./compile";
import type { Test } from "./compiled";
import { factsOf } from "./facts";
import { parsePolicy } from "./parse";
import { isOnly, mayBe, possibleTruths, presenceOf } from "./possible";
import type { ValuelessCall } from "./possible";
import { absent, mistyped, no, yes } from "./truth";
import type { Facts } from "./types";

/** The guard of a rule, as compiled. */
function guard(condition: string): Test {
  const text = `version: "1"\ndefault: deny\ntools: { pay: { rules: [{ name: r, action: deny, when: [${condition}] }] } }`;
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const [rule] = planFor(compilePolicy(parsed.document, { digest: (one) => one }), "pay").rules;
  if (!rule?.when) throw new Error("The rule has no guard.");
  return rule.when;
}

/** A call with the arguments `known` and `Odd`, at noon, by a grant named `ci`. */
function call(change: Partial<ValuelessCall> = {}, given: Partial<Facts> = {}): ValuelessCall {
  const facts = factsOf({ tool: "pay" }, { now: "2026-01-01T12:00:00Z", client: { name: null }, ...given });
  return { facts, argKeys: new Set(["known", "Odd"]), allKeys: true, ...change };
}

const letters = [
  ["n", no],
  ["y", yes],
  ["a", absent],
  ["t", mistyped],
] as const;
const shown = (condition: string, one = call()): string => {
  const possible = possibleTruths(guard(condition), one);
  return letters
    .filter(([, truth]) => mayBe(possible, truth))
    .map(([letter]) => letter)
    .join("");
};

const known = "{ path: args.known, op: eq, value: 1 }";
const there = "{ path: args.known, op: exists, value: true }";
const missing = "{ path: args.missing, op: eq, value: 1 }";
const skipped = "{ path: args.missing, op: eq, value: 1, if_absent: skip }";
const noon = "{ path: time.hour, op: eq, value: 12 }";
const night = "{ path: time.hour, op: eq, value: 3 }";

describe("what a comparison may have been, of a call whose values were not kept", () => {
  test.each([
    ["a value that was there: anything", known, "nyat"],
    ["whether it was there", there, "y"],
    ["whether it was not there", "{ path: args.known, op: exists, value: false }", "n"],
    ["something inside a value that was there: anything", "{ path: args.known.x, op: exists, value: true }", "nyat"],
    ["an argument that was missing", missing, "a"],
    ["one that was missing and may be", skipped, "n"],
    ["whether a missing one was there", "{ path: args.missing, op: exists, value: true }", "n"],
    ["whether a missing one was not there", "{ path: args.missing, op: exists, value: false }", "y"],
    ["something inside a missing one", "{ path: args.missing.x, op: exists, value: false }", "y"],
    ["a look-alike", "{ path: args.odd, op: eq, value: 1 }", "a"],
    ["a look-alike of one that may be missing", "{ path: args.odd, op: eq, value: 1, if_absent: skip }", "a"],
    ["whether a look-alike was there", "{ path: args.odd, op: exists, value: true }", "a"],
    ["metadata: anything", "{ path: meta.x, op: exists, value: true }", "nyat"],
    ["a fact that holds", noon, "y"],
    ["a fact that does not", night, "n"],
    ["a fact that is absent", "{ path: client.name, op: eq, value: x }", "a"],
    ["a fact that may be absent", "{ path: client.name, op: eq, value: x, if_absent: skip }", "n"],
    ["a fact that may be absent and holds", "{ path: time.hour, op: eq, value: 12, if_absent: skip }", "y"],
    ["a fact of another type", "{ path: grant.tags, op: eq, value: x }", "t"],
  ])("%s", (_, condition, expected) => {
    expect(shown(condition)).toBe(expected);
  });

  test.each([
    ["not: each turned round", `{ not: ${noon} }`, "n"],
    ["not: unknown stays unknown", `{ not: ${missing} }`, "a"],
    ["not: anything stays anything", `{ not: ${known} }`, "nyat"],
    ["all of what holds", `{ all: [${noon}, ${there}] }`, "y"],
    ["all, one of which does not hold", `{ all: [${known}, ${night}] }`, "n"],
    ["all, one of which may be anything", `{ all: [${noon}, ${known}] }`, "nyat"],
    ["all, one of which is unknown", `{ all: [${missing}, ${known}] }`, "na"],
    ["any of what does not hold", `{ any: [${night}, ${skipped}] }`, "n"],
    ["any, one of which holds", `{ any: [${known}, ${noon}] }`, "y"],
    ["any, one of which is unknown", `{ any: [${missing}, ${known}] }`, "ya"],
    ["any, one of which may be anything", `{ any: [${night}, ${known}] }`, "nyat"],
  ])("%s", (_, condition, expected) => {
    expect(shown(condition)).toBe(expected);
  });

  test("of a list of keys that was cut, what is not in it may have been there", () => {
    const cut = call({ allKeys: false });
    expect([shown(missing, cut), shown(there, cut)]).toEqual(["nyat", "y"]);
  });

  test("annotations of a tool are known like the rest", () => {
    const toolFacts = { category: null, risk: null, annotations: new Map<string, Value>([["readOnlyHint", true]]) };
    const hint = "{ path: tool.annotations.readOnlyHint, op: eq, value: true }";
    expect([shown(hint, call({}, { toolFacts })), shown(hint)]).toEqual(["y", "a"]);
  });

  test("one bit for each truth", () => {
    const possible = possibleTruths(guard(noon), call());
    expect([isOnly(possible, yes), isOnly(possible, no), mayBe(possible, no)]).toEqual([true, false, false]);
    expect(isOnly(possibleTruths(guard(known), call()), yes)).toBe(false);
  });

  test("presence: there, a look-alike, absent, or not known", () => {
    const words = ["known", "odd", "missing"];
    expect(words.map((key) => presenceOf(key, call()))).toEqual(["present", "lookalike", "absent"]);
    expect(words.map((key) => presenceOf(key, call({ allKeys: false })))).toEqual(["present", "unknown", "unknown"]);
  });
});
