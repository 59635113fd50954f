import { isDecimal, toText } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import { AppError } from "@/lib/kernel/errors";

/** What has a canonical text: governed values (Map, exact decimals) and plain records of ours (own keys, safe integers). */
export type CanonicalValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | Decimal
  | readonly CanonicalValue[]
  | ReadonlyMap<string, CanonicalValue>
  | { readonly [name: string]: CanonicalValue };

/**
 * The one text of a value: RFC 8785 member order (UTF-16 code units), strings and literals, no white space. Numbers differ on
 * purpose: exact decimals in plain form, because the doubles of RFC 8785 would merge 9007199254740992 and …993.
 * Equal values give equal texts, different values different ones. Throws `internal` for a number that is not a safe integer
 * and for text that is not well-formed Unicode (RFC 8785, section 3.2.2.2).
 */
export function canonical(value: CanonicalValue): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "object") return value === null ? "null" : compound(value);
  if (typeof value !== "number") return value.toString();
  if (!Number.isSafeInteger(value)) throw new AppError("internal", { detail: "canonical needs safe integers" });
  return (value === 0 ? 0 : value).toString();
}

type Compound = Extract<CanonicalValue, object>;

function compound(value: Compound): string {
  if (isDecimal(value)) return toText(value);
  if (isList(value)) return `[${value.map(canonical).join(",")}]`;
  const entries = value instanceof Map ? [...(value as ReadonlyMap<string, CanonicalValue>)] : Object.entries(value);
  entries.sort(byName);
  return `{${entries.map(([name, member]) => `${quote(name)}:${canonical(member as CanonicalValue)}`).join(",")}}`;
}

function isList(value: Compound): value is readonly CanonicalValue[] {
  return Array.isArray(value);
}

/** JavaScript compares strings by UTF-16 code units, as RFC 8785, section 3.2.3 asks. */
function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const surrogate = /[\uD800-\uDFFF]/;
const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

function quote(text: string): string {
  if (surrogate.test(text) && loneSurrogate.test(text)) {
    throw new AppError("internal", { detail: "canonical needs well-formed Unicode" });
  }
  return JSON.stringify(text);
}
