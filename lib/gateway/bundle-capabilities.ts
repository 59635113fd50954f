import { findElements, findMembers, type Span } from "@/lib/http/json-span";

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * The union of JSON objects, given and answered as text: objects are joined member by member, arrays hold every element once, `true`
 * wins over anything, and otherwise the first that speaks does. What is no object counts as an empty one. The text of a value that
 * only one side has stays as it came.
 */
export function uniteObjects(texts: readonly string[]): string {
  return uniteMaps(texts.map(toMap));
}

function uniteMaps(maps: readonly ReadonlyMap<string, string>[]): string {
  const keys = new Set(maps.flatMap((map) => [...map.keys()]));
  const members = [...keys].map((key) => {
    const values = maps.flatMap((map) => map.get(key) ?? []);
    return `${JSON.stringify(key)}:${unite(values)}`;
  });
  return `{${members.join(",")}}`;
}

function unite(values: readonly string[]): string {
  const [first = "null"] = values;
  if (values.every((value) => value === first)) return first;
  if (values.includes("true")) return "true";
  if (values.every((value) => value.startsWith("{"))) return uniteObjects(values);
  if (values.every((value) => value.startsWith("["))) {
    return `[${[...new Set(values.flatMap(elementsOf))].join(",")}]`;
  }
  return first;
}

function toMap(text: string): ReadonlyMap<string, string> {
  const bytes = encoder.encode(text);
  const members = findMembers(bytes, wholeOf(bytes)) ?? [];
  return new Map(members.map((member) => [member.key, textOf(bytes, member)]));
}

function elementsOf(text: string): string[] {
  const bytes = encoder.encode(text);
  return (findElements(bytes, wholeOf(bytes)) ?? []).map((element) => textOf(bytes, element));
}

const wholeOf = (bytes: Uint8Array): Span => ({ start: 0, end: bytes.length });

const textOf = (bytes: Uint8Array, { start, end }: Span) => decoder.decode(bytes.subarray(start, end));
