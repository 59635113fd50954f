import { canonical } from "@/lib/audit/canonical";
import { compare, isDecimal } from "@/lib/kernel/decimal";
import type { Value, ValueObject } from "@/lib/kernel/value";
import type { Change, ChangeCode, ChangeSeverity } from "./definition-change";
import { shortJson } from "./definition-text";
import { diffWords } from "./text-diff";

/** Whose values a schema describes: what an agent must send, or what the tool answers. */
export type SchemaSide = "input" | "output";

interface Place {
  side: SchemaSide;
  /** JSON Pointer. */
  at: string;
  /** Names of the arguments that lead here; empty for the whole. */
  path: readonly string[];
  report: (change: Change) => void;
}

/** Keywords that this file reads one by one; a change of any other is said as such. */
const compared: ReadonlySet<string> = new Set([
  "type",
  "properties",
  "required",
  "enum",
  "const",
  "additionalProperties",
  "items",
  "title",
  "description",
  "default",
  "examples",
  "minimum",
  "exclusiveMinimum",
  "minLength",
  "minItems",
  "minProperties",
  "maximum",
  "exclusiveMaximum",
  "maxLength",
  "maxItems",
  "maxProperties",
  "multipleOf",
  "pattern",
  "format",
  "uniqueItems",
]);
const lower = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"] as const;
const upper = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"] as const;
const other = ["multipleOf", "pattern", "format", "uniqueItems"] as const;

/** Says what changed between two schemas, argument by argument. Values are JSON as the strict reader gives it; pure. */
export function diffSchema(before: Value | undefined, after: Value | undefined, side: SchemaSide): Change[] {
  const changes: Change[] = [];
  const at = side === "input" ? "/inputSchema" : "/outputSchema";
  compareSchema(before, after, { side, at, path: [], report: (change) => changes.push(change) });
  return changes;
}

function compareSchema(before: Value | undefined, after: Value | undefined, place: Place): void {
  if (isSame(before, after)) return;
  if (!isObject(before) || !isObject(after)) {
    compareWhole(before, after, place);
    return;
  }
  compareTypes(before, after, place);
  compareProperties(before, after, place);
  compareValues(before, after, place);
  compareOpenness(before, after, place);
  compareBounds(before, after, place);
  compareTexts(before, after, place);
  const [items, now] = [before.get("items"), after.get("items")];
  if (!isSame(items, now)) compareSchema(items, now, inside(place, "items", "each item"));
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    if (compared.has(key) || isSame(before.get(key), after.get(key))) continue;
    say(place, "changed", "warning", `${nameOf(place)} has another ${quote(key)}.`, key);
  }
}

/** One side is no object: absent, `true`, `false`, or nonsense. */
function compareWhole(before: Value | undefined, after: Value | undefined, place: Place): void {
  const name = nameOf(place);
  if (before === undefined && place.path.length === 0) {
    say(place, "changed", "info", `${name} is described now, where nothing was said before.`);
  } else if (after === undefined || after === true) {
    say(place, "widened", "warning", `${name} is no longer described: it may be anything.`);
  } else if (before === undefined || before === true || after === false) {
    say(place, "narrowed", "info", `${name} is described more narrowly.`);
  } else say(place, "changed", "warning", `${name} is described in another way.`);
}

function compareTypes(before: ValueObject, after: ValueObject, place: Place): void {
  const [from, to] = [typesOf(before), typesOf(after)];
  if (isSame(before.get("type"), after.get("type"))) return;
  const name = nameOf(place);
  const [gone, come] = [without(from, to), without(to, from)];
  const text = `${from.join(" or ") || "anything"} to ${to.join(" or ") || "anything"}`;
  if (to.length === 0 || (gone.length === 0 && from.length > 0)) {
    const code = place.side === "input" ? "type_widened" : "output_wider";
    place.report({ code, severity: "warning", at: `${place.at}/type`, message: `${name} may be more: ${text}.` });
  } else if (from.length === 0 || come.length === 0) {
    const code = place.side === "input" ? "type_narrowed" : "output_narrower";
    place.report({ code, severity: "info", at: `${place.at}/type`, message: `${name} may be less: ${text}.` });
  } else {
    const message = `${name} changed its type from ${text}.`;
    place.report({ code: "type_changed", severity: "warning", at: `${place.at}/type`, message });
  }
}

function compareProperties(before: ValueObject, after: ValueObject, place: Place): void {
  const [from, to] = [membersOf(before, "properties"), membersOf(after, "properties")];
  const [wasRequired, isRequired] = [namesOf(before, "required"), namesOf(after, "required")];
  const known = new Set([...from.keys(), ...to.keys(), ...wasRequired, ...isRequired]);
  for (const key of known) {
    const here = inside(place, `properties/${token(key)}`, key);
    const [old, now] = [from.get(key), to.get(key)];
    const [did, does] = [wasRequired.has(key), isRequired.has(key)];
    if (old === undefined && now === undefined) compareRequired(did, does, here);
    else if (old === undefined) reportAdded(now, does, here);
    else if (now === undefined) reportRemoved(does, here);
    else {
      compareRequired(did, does, here);
      compareSchema(old, now, here);
    }
  }
}

function reportAdded(schema: Value | undefined, isRequired: boolean, place: Place): void {
  const type = isObject(schema) ? typesOf(schema).join(" or ") : "";
  const kind = type === "" ? "" : ` (${type})`;
  const { at } = place;
  const name = quote(pathText(place));
  if (place.side === "output") {
    place.report({ code: "output_wider", severity: "warning", at, message: `New in the output: ${name}${kind}.` });
  } else if (isRequired) {
    place.report({
      code: "argument_added_required",
      severity: "danger",
      at,
      message: `New required argument ${name}${kind}.`,
    });
  } else
    place.report({ code: "argument_added", severity: "warning", at, message: `New optional argument ${name}${kind}.` });
}

function reportRemoved(isRequired: boolean, place: Place): void {
  const { at, side } = place;
  const name = quote(pathText(place));
  if (side === "output") {
    place.report({ code: "output_narrower", severity: "info", at, message: `No longer in the output: ${name}.` });
  } else if (isRequired) {
    const message = `Argument ${name} is no longer described, but still required.`;
    place.report({ code: "schema_widened", severity: "warning", at, message });
  } else {
    const message = `Argument ${name} was removed. Rules that read it find nothing.`;
    place.report({ code: "argument_removed", severity: "warning", at, message });
  }
}

function compareRequired(did: boolean, does: boolean, place: Place): void {
  if (did === does) return;
  const { at, side } = place;
  const name = quote(pathText(place));
  if (side === "output") {
    const message = does ? `${name} is always in the output now.` : `${name} may be missing in the output now.`;
    place.report({ code: does ? "output_narrower" : "output_changed", severity: "info", at, message });
  } else if (does) {
    const message = `Argument ${name} is required now.`;
    place.report({ code: "argument_required", severity: "danger", at, message });
  } else {
    const message = `Argument ${name} may be left out now.`;
    place.report({ code: "argument_optional", severity: "warning", at, message });
  }
}

function compareValues(before: ValueObject, after: ValueObject, place: Place): void {
  const [from, to] = [valuesOf(before), valuesOf(after)];
  if (from === null && to === null) return;
  const name = nameOf(place);
  const input = place.side === "input";
  const wider = (message: string) => {
    const code = input ? "values_widened" : "output_wider";
    place.report({ code, severity: "warning", at: `${place.at}/enum`, message });
  };
  const narrower = (message: string) => {
    const code = input ? "values_narrowed" : "output_narrower";
    place.report({ code, severity: "info", at: `${place.at}/enum`, message });
  };
  if (from === null || to === null) {
    if (from) wider(`${name} is no longer limited to ${listText(from)}.`);
    else narrower(`${name} is limited to ${listText(to ?? [])} now.`);
    return;
  }
  const [gone, come] = [without(from, to), without(to, from)];
  if (come.length > 0) wider(`${name} may also be ${listText(come)}.`);
  if (gone.length > 0) narrower(`${name} may no longer be ${listText(gone)}.`);
}

function compareOpenness(before: ValueObject, after: ValueObject, place: Place): void {
  const [from, to] = [before.get("additionalProperties"), after.get("additionalProperties")];
  if (isSame(from ?? true, to ?? true)) return;
  const name = nameOf(place);
  const key = "additionalProperties";
  if (to === undefined || to === true) {
    say(place, "widened", "warning", `${name} takes members that are not listed.`, key);
  } else if (from === undefined || from === true || to === false) {
    say(place, "narrowed", "info", `${name} takes fewer members that are not listed.`, key);
  } else if (from === false) {
    say(place, "widened", "warning", `${name} takes members that are not listed.`, key);
  } else compareSchema(from, to, inside(place, key, "any other member"));
}

function compareBounds(before: ValueObject, after: ValueObject, place: Place): void {
  for (const key of [...lower, ...upper, ...other]) {
    const [from, to] = [before.get(key), after.get(key)];
    if (isSame(from, to)) continue;
    const name = nameOf(place);
    if (to === undefined) {
      say(place, "widened", "warning", `${name} lost its ${quote(key)} of ${shortJson(from ?? null)}.`, key);
    } else if (from === undefined) {
      say(place, "narrowed", "info", `${name} has a ${quote(key)} of ${shortJson(to)} now.`, key);
    } else {
      const isLooser = looser(key, from, to);
      const text = `${name}: ${quote(key)} went from ${shortJson(from)} to ${shortJson(to)}.`;
      if (isLooser === null) say(place, "changed", "warning", text, key);
      else if (isLooser) say(place, "widened", "warning", text, key);
      else say(place, "narrowed", "info", text, key);
    }
  }
}

/** Whether a bound lets more through than before; null where that cannot be told. */
function looser(key: string, from: Value, to: Value): boolean | null {
  if (!isDecimal(from) || !isDecimal(to)) return null;
  if ((lower as readonly string[]).includes(key)) return compare(to, from) < 0;
  return (upper as readonly string[]).includes(key) ? compare(to, from) > 0 : null;
}

function compareTexts(before: ValueObject, after: ValueObject, place: Place): void {
  for (const key of ["title", "description"]) {
    const [from, to] = [before.get(key), after.get(key)];
    if (isSame(from, to)) continue;
    const [old, now] = [typeof from === "string" ? from : "", typeof to === "string" ? to : ""];
    const message = `The ${key} of ${lowerFirst(nameOf(place))} changed.`;
    const words = diffWords(old, now);
    place.report({ code: "text_changed", severity: "warning", at: `${place.at}/${key}`, message, words });
  }
  for (const key of ["default", "examples"]) {
    const [from, to] = [before.get(key), after.get(key)];
    if (isSame(from, to)) continue;
    const [old, now] = [from, to].map((value) => (value === undefined ? "none" : shortJson(value)));
    const message = `${nameOf(place)}: ${key} went from ${old ?? ""} to ${now ?? ""}.`;
    place.report({ code: "default_changed", severity: "warning", at: `${place.at}/${key}`, message });
  }
}

type Kind = "widened" | "narrowed" | "changed";
const outputCodes = { widened: "output_wider", narrowed: "output_narrower", changed: "output_changed" } as const;

function say(place: Place, kind: Kind, severity: ChangeSeverity, message: string, key?: string): void {
  const code: ChangeCode = place.side === "output" ? outputCodes[kind] : `schema_${kind}`;
  place.report({ code, severity, at: key === undefined ? place.at : `${place.at}/${token(key)}`, message });
}

function inside(place: Place, tokens: string, name: string): Place {
  return { ...place, at: `${place.at}/${tokens}`, path: [...place.path, name] };
}

function nameOf(place: Place): string {
  if (place.path.length === 0) return place.side === "input" ? "The input as a whole" : "The output as a whole";
  return place.side === "input" ? `Argument ${quote(pathText(place))}` : `Output ${quote(pathText(place))}`;
}

function pathText({ path }: Place): string {
  return path.join(" › ");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function quote(text: string): string {
  return `"${text}"`;
}

function listText(values: readonly string[]): string {
  const shown = values.slice(0, 8).join(", ");
  return values.length > 8 ? `${shown} and ${String(values.length - 8)} more` : shown;
}

function typesOf(schema: ValueObject): string[] {
  const type = schema.get("type");
  const list = Array.isArray(type) ? (type as readonly Value[]) : [type];
  return list.filter((item): item is string => typeof item === "string");
}

function valuesOf(schema: ValueObject): string[] | null {
  const values = schema.get("enum");
  if (Array.isArray(values)) return (values as readonly Value[]).map(shortJson);
  const only = schema.get("const");
  return only === undefined ? null : [shortJson(only)];
}

function membersOf(schema: ValueObject, key: string): ValueObject {
  const value = schema.get(key);
  return isObject(value) ? value : new Map();
}

function namesOf(schema: ValueObject, key: string): ReadonlySet<string> {
  const value = schema.get(key);
  const list = Array.isArray(value) ? (value as readonly Value[]) : [];
  return new Set(list.filter((item): item is string => typeof item === "string"));
}

function without(list: readonly string[], minus: readonly string[]): string[] {
  return list.filter((item) => !minus.includes(item));
}

function isSame(a: Value | undefined, b: Value | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return canonical(a) === canonical(b);
}

function isObject(value: Value | undefined): value is ValueObject {
  return value instanceof Map;
}

/** RFC 6901, section 3. */
function token(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
