import { foldKey } from "@/lib/kernel/fold";
import type { Value, ValueObject } from "@/lib/kernel/value";
import type { Path, Step } from "./path";
import type { Facts } from "./types";

/** The value that a path without `[*]` leads to; undefined when it is absent. Only own keys of objects are read. */
export function resolve(path: Path, facts: Facts): Value | undefined {
  if (path.root !== "args") return resolveFact(path, facts);
  let value: Value | undefined = facts.args;
  for (const step of path.steps) {
    value = stepInto(value, step);
    if (value === undefined) return undefined;
  }
  return value;
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
  const [step] = path.steps;
  const key = step?.kind === "key" ? step.key : "";
  switch (path.root) {
    case "grant":
      return key === "id" ? facts.grant.id : key === "label" ? facts.grant.label : facts.grant.tags;
    case "server":
      return facts.server.name;
    case "tool":
      return facts.tool;
    case "client":
      return facts.client.name;
    case "args":
    case "state":
      return undefined;
  }
}

/**
 * Whether an absent key stands there in another case or form (`Amount` for `amount`): an upstream that ignores case would
 * read it, so nobody can say that the argument is absent.
 */
export function hasLookalike(path: Path, facts: Facts): boolean {
  let values: readonly (Value | undefined)[] = path.root === "args" ? [facts.args] : [];
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
