import { readJson } from "@/lib/kernel/json";
import type { ValueObject } from "@/lib/kernel/value";
import { isObject, Num } from "./policy-oracle-values";
import type { Json } from "./policy-oracle-values";

/** JSON text; numbers stay as they are written. */
export function jsonText(value: Json): string {
  if (value instanceof Num) return value.text;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(", ")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${jsonText(item)}`);
  return `{${members.join(", ")}}`;
}

const plain = /^[a-z][a-z_]*$/;
const words = new Set(["true", "false", "null"]);

function scalarText(text: string): string {
  return plain.test(text) && !words.has(text) ? text : JSON.stringify(text);
}

/** The same as block YAML, with comments between the lines. */
export function yamlText(value: Json, indent = 0): string {
  const pad = " ".repeat(indent);
  if (Array.isArray(value) && value.length > 0) {
    return value.map((item) => `\n${pad}- ${yamlText(item, indent + 2).replace(/^\n\s*/, "")}`).join("");
  }
  if (isObject(value) && Object.keys(value).length > 0) {
    const members = Object.entries(value).map(([key, item]) => {
      const written = yamlText(item, indent + 2);
      return `\n${pad}${scalarText(key)}:${written.startsWith("\n") ? " # below" : " "}${written}`;
    });
    return members.join("");
  }
  return typeof value === "string" ? scalarText(value) : jsonText(value);
}

/** A call's object as the gateway's reader gives it; keys that fold together are let through, for the evaluator to meet. */
export function readObject(value: Json): ValueObject {
  const read = readJson(new TextEncoder().encode(jsonText(value)), { folding: "allow" });
  if (!read.ok) throw new Error(read.message);
  return read.value as ValueObject;
}
