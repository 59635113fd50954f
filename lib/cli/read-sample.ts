import { factsOfTest } from "@/lib/policy/facts";
import type { PolicyTest } from "@/lib/policy/document";
import { readCall, readGiven } from "@/lib/policy/read-tests";
import { readMap } from "@/lib/policy/shape";
import { readTree, type TreeMap, type TreeNode } from "@/lib/policy/yaml-tree";
import type { Facts, Problem } from "@/lib/policy/types";

/** A call to be judged, with what is already counted, by the names that tests use. */
export interface Sample {
  readonly facts: Facts;
  readonly state: PolicyTest["given"]["state"];
}

export type SampleResult = { ok: true; sample: Sample } | { ok: false; problems: Problem[] };

const place = { at: "", name: "", expect: "allow", rule: null } as const;

/**
 * Reads a sample call in the language of `tests`, YAML or JSON with exact numbers: `{tool, args, given}` or
 * `{call: {tool, args}, given}`. An entry of `tests` is one too: its `name`, `expect` and `rule` are left out.
 */
export function readSample(text: string): SampleResult {
  const { root, problems } = readTree(text);
  if (root?.kind !== "map") {
    if (!problems.hasErrors) problems.error("type", { pointer: "", offset: 0 }, "Expected a call: `{tool, args}`");
    return { ok: false, problems: problems.sorted() };
  }
  const isLong = root.entries.has("call");
  const keys = isLong ? ["call", "given", "name", "expect", "rule"] : ["tool", "args", "given"];
  readMap(problems, root, keys, "a call");
  const call = readCall(problems, (isLong && root.entries.get("call")?.value) || without(root, keys, "given"));
  const given = readGiven(problems, root.entries.get("given")?.value);
  if (!call || problems.hasErrors) return { ok: false, problems: problems.sorted() };
  return { ok: true, sample: sampleOf({ ...place, call, given }) };
}

/** The sample of a test in a policy. */
export function sampleOf(test: PolicyTest): Sample {
  return { facts: factsOfTest(test), state: test.given.state };
}

/** The known members of a map but one, so that a part of it reads as a whole; unknown ones were reported before. */
function without(map: TreeMap, keys: readonly string[], left: string): TreeNode {
  return { ...map, entries: new Map([...map.entries].filter(([key]) => key !== left && keys.includes(key))) };
}
