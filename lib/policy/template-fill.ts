import { textScalar } from "./yaml-text";

/** A value of a template: a whole number, a text, or a list of texts. */
export type FillValue = number | string | readonly string[];
export type FillValues = Readonly<Record<string, FillValue>>;

/**
 * A line whose scalar follows a value says so behind it: `max: 1000000 # = {cap}`. Where the key follows one too, that
 * stands in front of the equals sign: `create_charge.cap: 5 # {tool}.cap = {cap}`. A line that is only a key follows it with
 * the key.
 */
const marked = /^(\s*(?:- )*)(.*\S) # (?:(\S.*) )?= (\S.*)$/;
const entry = /^("(?:[^"\\]|\\.)*"|[^\s"'[{][^#]*?):(?: (.+))?$/;

const hole = /\{([a-z_]+)(?: ([+-]) ([0-9]{1,6}))?(?:\.(first|two|alternatives|scope))?(?: times (.))?\}/g;
const onlyHole = new RegExp(`^${hole.source}$`);

/**
 * The template with `values` in place, its comments kept and its marks gone. Every value becomes one YAML scalar or list
 * of its own, in quotes where it needs them, so no text can become another part of the policy. A name without a value
 * keeps what stands in the template. Values that `readValues` gave make a policy without errors.
 */
export function fillTemplate(text: string, values: FillValues): string {
  return text
    .split("\n")
    .map((line) => fillLine(line, values))
    .join("\n");
}

function fillLine(line: string, values: FillValues): string {
  const [, lead = "", content = "", keyMark, mark = ""] = marked.exec(line) ?? [];
  if (mark === "") return line;
  const [, key, value] = entry.exec(content) ?? [];
  if (key === undefined) return lead + (written(mark, values) ?? content);
  if (value === undefined) return `${lead}${written(mark, values) ?? key}:`;
  const newKey = keyMark === undefined ? null : written(keyMark, values);
  return `${lead}${newKey ?? key}: ${written(mark, values) ?? value}`;
}

/** What a mark says, as YAML; null when it names something that has no value. */
function written(mark: string, values: FillValues): string | null {
  const names = [...mark.matchAll(hole)].map((match) => match[1] ?? "");
  if (names.some((name) => !Object.hasOwn(values, name))) return null;
  const alone = onlyHole.exec(mark);
  const value = alone ? valueOf(alone, values) : mark.replace(hole, (...match) => shown(valueOf(match, values)));
  if (typeof value === "number") return String(value);
  return typeof value === "string" ? textScalar(value) : `[${value.map(textScalar).join(", ")}]`;
}

/** `{name}`, and what may follow the name: a whole number added or taken off, a form, a character to repeat. */
function valueOf(match: readonly unknown[], values: FillValues): FillValue {
  const [, name, sign, by, form, repeated] = match;
  const value = values[String(name)] ?? "";
  if (typeof value === "string") return form === "scope" ? scope(value) : value;
  if (typeof value !== "number") {
    if (form === "first") return value[0] ?? "";
    return form === "alternatives" ? value.map(literal).join("|") : value;
  }
  const number = value + (sign === "-" ? -1 : 1) * Number(by ?? 0);
  if (typeof repeated === "string") return repeated.repeat(Math.max(number, 0));
  return form === "two" ? String(number).padStart(2, "0") : number;
}

/** A tool in front of a counter's name, in brackets where a dot would be taken for the end of it. */
function scope(tool: string): string {
  return /^[^.[\]"\s]+$/.test(tool) ? tool : `[${JSON.stringify(tool)}]`;
}

/** A text as a pattern that matches it and nothing else. */
function literal(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&");
}

/** A value in a sentence. */
export function shown(value: FillValue): string {
  return typeof value === "object" ? value.join(", ") : String(value);
}
