/** The form of a sample call, all of it as it was typed. */
export interface SampleForm {
  tool: string;
  /** "" = none of the policy's grants. */
  grantId: string;
  /** JSON. */
  args: string;
  /** What is already counted, by counter. */
  used: Readonly<Record<string, string>>;
  /** ISO 8601, UTC; "" = now. */
  at: string;
  client: string;
  /** A word, `notKnown`, or "" = as the server's scan has it. */
  category: string;
  risk: string;
  /** JSON of the request's `_meta`. */
  meta: string;
}

export const notKnown = "unknown";

export const emptyForm: SampleForm = {
  tool: "",
  grantId: "",
  args: "",
  used: {},
  at: "",
  client: "",
  category: "",
  risk: "",
  meta: "",
};

const key = "sample";
const textMax = 20_000;

/** The form as a URL fragment, which no server ever sees; what is empty is left out. */
export function toFragment(form: SampleForm): string {
  const { used, ...texts } = form;
  const given: Record<string, unknown> = Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ""));
  const counted = Object.entries(used).filter(([, text]) => text.trim() !== "");
  if (counted.length > 0) given.used = Object.fromEntries(counted);
  return `#${key}=${encodeURIComponent(JSON.stringify(given))}`;
}

/** The form in a URL fragment; null when there is none, or what stands there is no form. */
export function fromFragment(fragment: string): SampleForm | null {
  const prefix = `#${key}=`;
  if (!fragment.startsWith(prefix) || fragment.length > textMax) return null;
  const given = parse(fragment.slice(prefix.length));
  if (!given) return null;
  const textOf = (name: string): string => {
    const value = given[name];
    return typeof value === "string" ? value : "";
  };
  return {
    tool: textOf("tool"),
    grantId: textOf("grantId"),
    args: textOf("args"),
    used: readTexts(given.used),
    at: textOf("at"),
    client: textOf("client"),
    category: textOf("category"),
    risk: textOf("risk"),
    meta: textOf("meta"),
  };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(decodeURIComponent(text));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readTexts(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
