/** One step into a value: a key of an object, an element of a list, or every element of a list. */
export type Step =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "each" };

export const roots = ["args", "state", "grant", "server", "tool", "time", "client", "meta"] as const;
export type Root = (typeof roots)[number];

/** A parsed path; `text` is how the policy wrote it. */
export interface Path {
  readonly text: string;
  readonly root: Root;
  readonly steps: readonly Step[];
}

export type PathResult = { ok: true; path: Path } | { ok: false; code: "path"; message: string; hint?: string };

const grammar =
  /\.([^.[\]"\s]+)|\[(0|[1-9][0-9]{0,3})\]|\[\*\]|\[("(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")\]/y;
/** What may follow the roots that are no part of the request. */
const facts: Readonly<Record<Exclude<Root, "args" | "state" | "meta">, readonly string[]>> = {
  grant: ["id", "label", "tags"],
  server: ["name"],
  tool: ["name", "category", "risk"],
  time: ["hour", "minute", "weekday", "date"],
  client: ["name"],
};

/** Hints that a server may publish with a tool (MCP 2025-11-25, ToolAnnotations); `title` is no hint. */
export const toolHints = ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] as const;

/** Characters of a path at most; the steps stay within the depth that a call may have. */
const textMax = 512;

function refused(message: string, hint?: string): PathResult {
  return hint === undefined ? { ok: false, code: "path", message } : { ok: false, code: "path", message, hint };
}

/**
 * Reads a path: `args.a.b`, `args.items[0].price`, `args.items[*].price`, `args["a.b"]`, `state.<tool>.<counter>`.
 * One text has one meaning: a bare number is refused, because it could be a key or an element.
 */
export function parsePath(text: string): PathResult {
  const root = /^[a-z]+/.exec(text)?.[0] ?? "";
  const known = roots.find((name) => name === root);
  if (!known) return refused(`A path begins with one of ${roots.join(", ")}`, "For an argument write `args.<name>`.");
  if (text.length > textMax) return refused(`A path has at most ${textMax} characters`);
  const steps = parseSteps(text, root.length);
  if (steps === null)
    return refused(`\`${text}\` is not a path`, 'Write `args.a.b`, `args.items[0]` or `args["a.b"]`.');
  const digits = steps.find((one) => one.kind === "key" && one.bare && /^[0-9]+$/.test(one.key));
  if (digits?.kind === "key") {
    return refused(
      `\`.${digits.key}\` may be a key or an element`,
      `Write \`[${digits.key}]\` or \`["${digits.key}"]\`.`,
    );
  }
  return checkRoot({ text, root: known, steps: steps.map(toStep) });
}

type ReadStep = { kind: "key"; key: string; bare: boolean } | Exclude<Step, { kind: "key" }>;

const toStep = (one: ReadStep): Step => (one.kind === "key" ? { kind: "key", key: one.key } : one);

function parseSteps(text: string, from: number): ReadStep[] | null {
  const steps: ReadStep[] = [];
  const step = new RegExp(grammar);
  for (step.lastIndex = from; step.lastIndex < text.length;) {
    const match = step.exec(text);
    if (!match) return null;
    const [, bare, index, quoted] = match;
    if (bare !== undefined) steps.push({ kind: "key", key: bare, bare: true });
    else if (index !== undefined) steps.push({ kind: "index", index: Number(index) });
    else if (quoted !== undefined) steps.push({ kind: "key", key: String(JSON.parse(quoted)), bare: false });
    else steps.push({ kind: "each" });
  }
  return steps.length > 0 ? steps : null;
}

function checkRoot(path: Path): PathResult {
  const keys = path.steps.map((one) => (one.kind === "key" ? one.key : null));
  switch (path.root) {
    case "args":
      return keys[0] === null ? refused("Arguments are an object: name one first") : { ok: true, path };
    case "state":
      if (keys.length === 2 && !keys.includes(null)) return { ok: true, path };
      return refused(
        "A counter is `state.<tool>.<counter>`",
        'A tool whose name has dots is written `state["a.b"].<counter>`.',
      );
    case "meta":
      return keys[0] === null ? refused("Request metadata is an object: name a key first") : { ok: true, path };
    case "grant":
    case "server":
    case "tool":
    case "time":
    case "client":
      return checkFact(path, path.root, keys);
  }
}

function checkFact(path: Path, root: keyof typeof facts, keys: readonly (string | null)[]): PathResult {
  const [first, second] = keys;
  if (keys.length === 1 && facts[root].includes(first ?? "")) return { ok: true, path };
  const isHint = keys.length === 2 && first === "annotations" && toolHints.some((hint) => hint === second);
  if (root === "tool" && isHint) return { ok: true, path };
  const known = facts[root].map((name) => `\`${root}.${name}\``);
  if (root === "tool") known.push(...toolHints.map((hint) => `\`tool.annotations.${hint}\``));
  return refused(`\`${root}\` has ${known.join(", ")}`);
}

/** Counters of `"*"` go by this name in paths and decisions, so no tool may have it in a policy. */
export const globalScope = "_global";

/** The name under which the counters of a block are read. */
export function counterScope(block: string): string {
  return block === "*" ? globalScope : block;
}

/** The name of a counter as decisions show it: `<tool>.<counter>`, quoted where dots would make it ambiguous. */
export function counterName(tool: string, counter: string): string {
  const plain = (name: string): boolean => /^[^.[\]"\s]+$/.test(name);
  const first = plain(tool) ? tool : `[${JSON.stringify(tool)}]`;
  return plain(counter) ? `${first}.${counter}` : `${first}[${JSON.stringify(counter)}]`;
}

/** Escapes one reference token of a JSON Pointer (RFC 6901, section 3). */
export function pointerToken(name: string | number): string {
  return String(name).replaceAll("~", "~0").replaceAll("/", "~1");
}
