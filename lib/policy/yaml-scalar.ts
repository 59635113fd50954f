import { parseDecimal } from "@/lib/kernel/decimal";
import type { Scalar } from "./document";

export type PlainResult = { ok: true; value: Scalar } | { ok: false; message: string; hint: string };

const json = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

/** What YAML 1.2's core schema (section 10.3.2) or 1.1 would take for a number although JSON would not. */
const otherNumber =
  /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|^[-+]?0[xob][0-9a-fA-F]+$|^[-+]?[0-9][0-9_]*$/;
const notFinite = /^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$/;

/**
 * What an unquoted scalar means: null, a boolean, an exact number in JSON's spelling, otherwise a text. Spellings that
 * readers of YAML disagree about (`0x10`, `007`, `.5`, `1_000`, `.inf`) are refused instead of guessed.
 */
export function readPlain(text: string): PlainResult {
  switch (text) {
    case "":
    case "~":
    case "null":
    case "Null":
    case "NULL":
      return { ok: true, value: null };
    case "true":
    case "True":
    case "TRUE":
      return { ok: true, value: true };
    case "false":
    case "False":
    case "FALSE":
      return { ok: true, value: false };
  }
  if (json.test(text)) {
    const value = parseDecimal(text);
    if (value) return { ok: true, value };
    return {
      ok: false,
      message: `${text.slice(0, 40)} has more than 30 digits or lies beyond ten to the ±30`,
      hint: "Quote it if it is a text.",
    };
  }
  if (notFinite.test(text))
    return { ok: false, message: `${text} is not a number that can be compared`, hint: "Quote it if it is a text." };
  if (otherNumber.test(text)) {
    return {
      ok: false,
      message: `${text.slice(0, 40)} is not a plain decimal number`,
      hint: "Write it like 16, 0.5 or -2, or quote it if it is a text.",
    };
  }
  return { ok: true, value: text };
}
