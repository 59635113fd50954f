import { foldKey } from "@/lib/kernel/fold";
import type { Value, ValueObject } from "@/lib/kernel/value";
import type { Path, Step } from "./path";
import { timeFact } from "./time-facts";
import type { Facts } from "./types";

/** The value that a path without `[*]` leads to; undefined when it is absent. Only own keys of objects are read. */
export function resolve(path: Path, facts: Facts): Value | undefined {
  const start = startOf(path, facts);
  if (start === undefined) return resolveFact(path, facts);
  let value: Value | undefined = start;
  for (const step of path.steps) {
    value = stepInto(value, step);
    if (value === undefined) return undefined;
  }
  return value;
}

/** The object that the steps of `args` and `meta` walk into; undefined for facts, which are looked up by name. */
export function startOf(path: Path, facts: Facts): ValueObject | undefined {
  return path.root === "args" ? facts.args : path.root === "meta" ? facts.meta : undefined;
}

export function stepInto(value: Value | undefined, step: Step): Value | undefined {
  switch (step.kind) {
    case "key":
      return value instanceof Map ? (value as ValueObject).get(step.key) : undefined;
    case "index":
      return Array.isArray(value) ? (value as readonly Value[])[step.index] : undefined;
    case "each":
      return undefined;
  }
}

function resolveFact(path: Path, facts: Facts): Value | undefined {
  const [step, hint] = path.steps;
  const key = step?.kind === "key" ? step.key : "";
  switch (path.root) {
    case "grant":
      return key === "id" ? facts.grant.id : key === "label" ? facts.grant.label : facts.grant.tags;
    case "server":
      return facts.server.name;
    case "tool":
      return key === "name" ? facts.tool : resolveToolFact(key, hint, facts);
    case "time":
      return timeFact(key, facts.now);
    case "client":
      return facts.client.name ?? undefined;
    case "args":
    case "meta":
    case "state":
      return undefined;
  }
}

function resolveToolFact(key: string, hint: Step | undefined, { toolFacts }: Facts): Value | undefined {
  if (key === "category") return toolFacts.category ?? undefined;
  if (key === "risk") return toolFacts.risk ?? undefined;
  return hint?.kind === "key" ? toolFacts.annotations.get(hint.key) : undefined;
}

/**
 * Whether an absent key stands there in another case or form (`Amount` for `amount`): an upstream that ignores case would
 * read it, so nobody can say that the argument is absent.
 */
export function hasLookalike(path: Path, facts: Facts): boolean {
  const start = startOf(path, facts);
  let values: readonly (Value | undefined)[] = start === undefined ? [] : [start];
  for (const step of path.steps) {
    if (step.kind === "key" && values.some((value) => lookalikeOf(step.key, value))) return true;
    values = step.kind === "each" ? values.flatMap(elementsOf) : values.map((value) => stepInto(value, step));
  }
  return false;
}

function elementsOf(value: Value | undefined): readonly Value[] {
  return Array.isArray(value) ? (value as readonly Value[]) : [];
}

function lookalikeOf(key: string, value: Value | undefined): boolean {
  if (!(value instanceof Map)) return false;
  const object = value as ValueObject;
  if (object.has(key)) return false;
  const fold = foldKey(key);
  for (const other of object.keys()) if (foldKey(other) === fold) return true;
  return false;
}
