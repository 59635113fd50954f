import { z } from "zod";
import type { ToolDto } from "./schema";

const text = z.string().catch("");
const property = z.object({ type: z.union([z.string(), z.array(z.string())]).catch("any"), description: text });
const shown = z.object({
  title: z.string().nullable().catch(null),
  description: text,
  inputSchema: z
    .object({
      properties: z.record(z.string(), property.catch({ type: "any", description: "" })).catch({}),
      required: z.array(z.string()).catch([]),
    })
    .catch({ properties: {}, required: [] }),
});

interface ToolRow {
  name: string;
  definition: string;
  goneAt: Date | null;
  lastSeenAt: Date;
}

/** A stored tool as pages show it. Whatever the upstream wrote in odd places is left out, never an error. */
export function toToolDto(row: ToolRow): ToolDto {
  const definition = shown.parse(parseLoosely(row.definition));
  const required = new Set(definition.inputSchema.required);
  const parameters = Object.entries(definition.inputSchema.properties).map(([name, { type, description }]) => ({
    name,
    type: Array.isArray(type) ? type.join(" | ") : type,
    required: required.has(name),
    description,
  }));
  return {
    name: row.name,
    title: definition.title,
    description: definition.description,
    parameters: [...parameters.filter((item) => item.required), ...parameters.filter((item) => !item.required)],
    gone: row.goneAt !== null,
    lastSeenAt: row.lastSeenAt.toISOString(),
  };
}

function parseLoosely(definition: string): unknown {
  try {
    const value: unknown = JSON.parse(definition);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}
