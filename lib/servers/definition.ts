import { canonical, type CanonicalValue } from "@/lib/audit/canonical";
import { readJson, type Span } from "@/lib/kernel/json";
import type { Value } from "@/lib/kernel/value";

/** A tool as an upstream lists it: `text` is its JSON as it came, `digest` covers what an agent can see of it. */
export interface ToolDefinition {
  name: string;
  text: string;
  digest: string;
}

/** Members of a definition that the digest covers. */
const digested = [
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
const definitionLimits = { depth: 48, nodes: 50_000, digits: 400, exponent: 400, folding: "allow" } as const;
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

/** The texts of the tools of a `tools/list` answer and its cursor; null when it is not such an answer. */
export function readToolPage(bytes: Uint8Array): { tools: string[]; nextCursor: string | null } | null {
  const read = readJson(bytes, listLimits);
  if (!read.ok || !isObject(read.value)) return null;
  const result = read.value.get("result") ?? null;
  if (!isObject(result) || !Array.isArray(result.get("tools"))) return null;
  const cursor = result.get("nextCursor");
  const spans: readonly Span[] = read.spans.items.get("tools") ?? [];
  const decoder = new TextDecoder();
  return {
    tools: spans.map((span) => decoder.decode(bytes.subarray(span.start, span.end))),
    nextCursor: typeof cursor === "string" && cursor !== "" ? cursor : null,
  };
}

function pick(definition: ReadonlyMap<string, Value>): CanonicalValue {
  return new Map(digested.flatMap((key) => (definition.has(key) ? [[key, definition.get(key) ?? null] as const] : [])));
}

function isObject(value: Value): value is ReadonlyMap<string, Value> {
  return value instanceof Map;
}
