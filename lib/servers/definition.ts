import { canonical, type CanonicalValue } from "@/lib/audit/canonical";
import { readJson } from "@/lib/kernel/json";
import type { Value } from "@/lib/kernel/value";
import { findElements, findMembers, findRootMembers, readString, readText } from "@/lib/http/json-span";
import { findBlock, type BlockCode } from "./definition-bounds";

/** A tool as an upstream lists it: `text` is its JSON as it came, `digest` covers what an agent can see of it. */
export interface ToolDefinition {
  name: string;
  text: string;
  digest: string;
}

/** A definition as the catalogue keeps it; what breaks a bound is kept too, so that people see it, but cannot be accepted. */
export interface SeenDefinition extends ToolDefinition {
  blockedBy: BlockCode | null;
}

/** Members of a definition that the digest covers. */
export const digested = [
  "name",
  "title",
  "description",
  "inputSchema",
  "outputSchema",
  "annotations",
  "icons",
  "execution",
] as const;

export const definitionBytesMax = 262_144;
/** Numbers of a schema may be any double, e.g. `maximum: 1.7976931348623157e308`. */
export const definitionLimits = { depth: 48, nodes: 50_000, digits: 400, exponent: 400, folding: "allow" } as const;
export const listLimits = { ...definitionLimits, depth: 64, nodes: 500_000 } as const;

/**
 * Reads one definition strictly: an object with a name of 1 to 200 characters, at most 256 KiB and 48 levels. Null otherwise.
 * `digest` hashes a text, hex.
 */
export function readDefinition(text: string, digest: (text: string) => string): ToolDefinition | null {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > definitionBytesMax) return null;
  const read = readJson(bytes, definitionLimits);
  if (!read.ok || !isObject(read.value)) return null;
  const name = read.value.get("name");
  if (typeof name !== "string" || name.length < 1 || name.length > 200) return null;
  return { name, text, digest: digest(canonical(pick(read.value))) };
}

/**
 * Reads a definition that a list holds. One that is larger or deeper than `readDefinition` takes is kept as its name alone, with
 * a digest of its whole text. Null when not even that can be read.
 */
export function readSeen(text: string, digest: (text: string) => string): SeenDefinition | null {
  const bytes = new TextEncoder().encode(text);
  const isLarge = bytes.length > definitionBytesMax;
  const read = isLarge ? null : readJson(bytes, definitionLimits);
  if (read?.ok) {
    const definition = readDefinition(text, digest);
    return definition && isObject(read.value)
      ? { ...definition, blockedBy: findBlock(read.value)?.code ?? null }
      : null;
  }
  if (read && read.code !== "depth") return null;
  const member = findRootMembers(bytes)?.find(({ key }) => key === "name");
  const name = member ? readString(bytes, member) : null;
  if (name === null || name.length < 1 || name.length > 200 || /[\p{Cs}\0]/u.test(name)) return null;
  const blockedBy = isLarge ? "too_large" : "too_deep";
  return { name, text: JSON.stringify({ name }), digest: digest(text), blockedBy };
}

/** The texts of the tools of a `tools/list` answer and its cursor; null when it is not such an answer. */
export function readToolPage(bytes: Uint8Array): { tools: string[]; nextCursor: string | null } | null {
  const result = findRootMembers(bytes)?.find(({ key }) => key === "result");
  const members = result && findMembers(bytes, result);
  const list = members?.find(({ key }) => key === "tools");
  const elements = list && findElements(bytes, list);
  if (!members || !elements) return null;
  const tools = elements.map((element) => readText(bytes, element));
  if (tools.some((text) => text === null)) return null;
  const cursor = members.find(({ key }) => key === "nextCursor");
  const nextCursor = cursor ? readString(bytes, cursor) : null;
  return { tools: tools.filter((text) => text !== null), nextCursor: nextCursor === "" ? null : nextCursor };
}

function pick(definition: ReadonlyMap<string, Value>): CanonicalValue {
  return new Map(digested.flatMap((key) => (definition.has(key) ? [[key, definition.get(key) ?? null] as const] : [])));
}

function isObject(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}
