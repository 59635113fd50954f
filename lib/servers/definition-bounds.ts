import type { Value, ValueObject } from "@/lib/kernel/value";

/** Why nobody can accept a definition: it could not be reviewed, or whoever reads its schema would load or build too much. */
export type BlockCode = "remote_ref" | "too_deep" | "too_large" | "too_many_branches" | "recursion";

/** Levels of a schema, the schema itself being level 1 (MCP 2026-07-28 asks for a bound). */
export const schemaDepthMax = 32;
/** Schemas of `anyOf`, `oneOf` and `allOf` together. */
export const branchesMax = 1_000;
/** Parts of a schema once every local `$ref` is put in. */
const expandedMax = 100_000;

const branching: ReadonlySet<string> = new Set(["anyOf", "oneOf", "allOf"]);
const references: ReadonlySet<string> = new Set(["$ref", "$dynamicRef", "$recursiveRef"]);

/** What breaks a bound, and where. */
export interface Block {
  code: BlockCode;
  /** JSON Pointer of the part within the definition. */
  at: string;
  /** What stands there, for people; empty where the place says enough. */
  evidence: string;
}

/** Looks at both schemas of a definition; the first bound that one breaks, or null. Fetches nothing, whatever a schema names. */
export function findBlock(definition: ValueObject): Block | null {
  for (const key of ["inputSchema", "outputSchema"]) {
    const schema = definition.get(key);
    if (!isObject(schema)) continue;
    const found = walk(schema, `/${key}`) ?? findExpansion(schema, `/${key}`);
    if (found) return found;
  }
  return null;
}

function walk(schema: ValueObject, from: string): Block | null {
  let branches = 0;
  const visit = (value: Value, at: string, depth: number): Block | null => {
    if (typeof value !== "object" || value === null) return null;
    if (!isObject(value) && !Array.isArray(value)) return null;
    if (depth > schemaDepthMax) return { code: "too_deep", at, evidence: "" };
    for (const [key, member] of entriesOf(value)) {
      const here = `${at}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      if (references.has(key) && typeof member === "string" && !member.startsWith("#")) {
        return { code: "remote_ref", at: here, evidence: member };
      }
      if (branching.has(key) && Array.isArray(member)) branches += member.length;
      if (branches > branchesMax) return { code: "too_many_branches", at: here, evidence: String(branches) };
      const found = visit(member, here, depth + 1);
      if (found) return found;
    }
    return null;
  };
  return visit(schema, from, 1);
}

/** A reference that leads back into itself, or references that multiply. */
function findExpansion(schema: ValueObject, from: string): Block | null {
  const anchors = new Map<string, Value>();
  collectAnchors(schema, anchors);
  const sizes = new Map<Value, number>();
  const open = new Set<Value>();
  let fault: Block | null = null;
  const sizeOf = (value: Value, at: string): number => {
    if (fault !== null || typeof value !== "object" || value === null) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    if (open.has(value)) {
      fault = { code: "recursion", at, evidence: "" };
      return 1;
    }
    open.add(value);
    let size = 1;
    for (const [key, member] of entriesOf(value)) {
      size += sizeOf(member, `${at}/${key}`);
      if (!references.has(key) || typeof member !== "string") continue;
      if (key === "$recursiveRef") fault ??= { code: "recursion", at: `${at}/${key}`, evidence: member };
      const target = resolve(schema, anchors, member);
      if (target !== undefined) size += sizeOf(target, `${at}/${key}`);
    }
    open.delete(value);
    sizes.set(value, size);
    if (size > expandedMax) fault ??= { code: "too_many_branches", at, evidence: String(size) };
    return size;
  };
  sizeOf(schema, from);
  return fault;
}

function collectAnchors(value: Value, anchors: Map<string, Value>): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of entriesOf(value)) {
    if ((key === "$anchor" || key === "$dynamicAnchor") && typeof member === "string") anchors.set(`#${member}`, value);
    collectAnchors(member, anchors);
  }
}

/** What a local reference names; undefined when it names nothing. */
function resolve(schema: ValueObject, anchors: ReadonlyMap<string, Value>, reference: string): Value | undefined {
  if (reference === "#" || reference === "#/") return schema;
  if (!reference.startsWith("#/")) return anchors.get(reference);
  let at: Value | undefined = schema;
  for (const token of reference.slice(2).split("/")) {
    const key = decode(token).replaceAll("~1", "/").replaceAll("~0", "~");
    if (isObject(at)) at = at.get(key);
    else if (Array.isArray(at)) at = (at as readonly Value[])[Number(key)];
    else return undefined;
  }
  return at;
}

function decode(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return token;
  }
}

function entriesOf(value: object): Iterable<readonly [string, Value]> {
  if (value instanceof Map) return (value as ValueObject).entries();
  if (Array.isArray(value)) return (value as readonly Value[]).map((item, index) => [String(index), item] as const);
  return [];
}

function isObject(value: Value | undefined): value is ValueObject {
  return value instanceof Map;
}
