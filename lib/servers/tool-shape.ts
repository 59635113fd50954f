/** One top-level argument as a definition publishes it. */
export interface ToolParameter {
  name: string;
  /** The schema's type, several joined with ` | `; `any` when it does not say. */
  type: string;
  required: boolean;
  description: string;
  /** Texts that the schema lists as the only values; empty when it lists none. */
  values: readonly string[];
}

/** What can be read of a tool's definition. */
export interface ToolShape {
  readonly name: string;
  readonly title: string | null;
  readonly description: string;
  /** The hints that are booleans, by name. */
  readonly annotations: ReadonlyMap<string, boolean>;
  /** Required ones first, otherwise in the order of the schema. */
  readonly parameters: readonly ToolParameter[];
}

/** Hints of the protocol (MCP 2025-11-25, ToolAnnotations); others mean nothing here. */
const hints = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] as const;

const valuesMax = 100;

/** Reads a stored definition. Whatever the upstream wrote in odd places is left out, never an error. */
export function readToolShape(name: string, definition: string): ToolShape {
  const root = parseLoosely(definition);
  const annotations = recordAt(root, "annotations");
  const schema = recordAt(root, "inputSchema");
  const required = new Set(listAt(schema, "required"));
  const parameters = Object.entries(recordAt(schema, "properties")).map(([key, property]) =>
    toParameter(key, property, required.has(key)),
  );
  return {
    name,
    title: textAt(root, "title"),
    description: textAt(root, "description") ?? "",
    annotations: new Map(
      hints.flatMap((hint) => {
        const value = own(annotations, hint);
        return typeof value === "boolean" ? [[hint, value] as const] : [];
      }),
    ),
    parameters: [...parameters.filter((item) => item.required), ...parameters.filter((item) => !item.required)],
  };
}

type Loose = Readonly<Record<string, unknown>>;

function toParameter(name: string, property: unknown, required: boolean): ToolParameter {
  const schema = isRecord(property) ? property : {};
  const type = own(schema, "type");
  const types = (Array.isArray(type) ? type : [type]).filter((item): item is string => typeof item === "string");
  const values = listAt(schema, "enum").filter((value): value is string => typeof value === "string");
  return {
    name,
    type: types.join(" | ") || "any",
    required,
    description: textAt(schema, "description") ?? "",
    values: values.slice(0, valuesMax),
  };
}

function parseLoosely(definition: string): Loose {
  try {
    const value: unknown = JSON.parse(definition);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

function isRecord(value: unknown): value is Loose {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(from: Loose, key: string): unknown {
  return Object.hasOwn(from, key) ? from[key] : undefined;
}

function recordAt(from: Loose, key: string): Loose {
  const value = own(from, key);
  return isRecord(value) ? value : {};
}

function listAt(from: Loose, key: string): readonly unknown[] {
  const value = own(from, key);
  return Array.isArray(value) ? value : [];
}

function textAt(from: Loose, key: string): string | null {
  const value = own(from, key);
  return typeof value === "string" ? value : null;
}
