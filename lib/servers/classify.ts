import { riskOf, toolCategories, type ToolCategory, type ToolRisk } from "@/lib/kernel/tool-class";
import type { ToolParameter, ToolShape } from "./tool-shape";
import {
  choiceArguments,
  commandArguments,
  commandNouns,
  httpMethods,
  moneyNouns,
  nounPairs,
  phrases,
  plainForm,
  singularOf,
  verbs,
  viewNouns,
  wordsOf,
  type Verb,
} from "./tool-words";

/** Why a tool is classed as it is; `text` holds words of ours only, nothing that the upstream wrote. */
export interface Evidence {
  source: "name" | "annotation" | "description" | "schema";
  text: string;
}

export interface ToolClass {
  category: ToolCategory;
  risk: ToolRisk;
  evidence: Evidence[];
}

/** Characters of a description that are looked at. */
const descriptionMax = 2000;

/**
 * What a tool does and how much harm it can do, from its definition alone: equal definitions get equal answers. The name
 * decides; description, schema and annotations can only raise, because the server that asks to be trusted wrote them. A
 * tool of which nothing is known is taken for one that writes. Never throws.
 */
export function classifyTool(shape: ToolShape): ToolClass {
  const found = new Findings();
  const words = wordsOf(shape.name);
  judgeName(found, words);
  if (/[^\x20-\x7e]/.test(shape.name) || plainForm(shape.name) !== shape.name) {
    found.raise("write", "name", "characters outside ASCII, which may only look like a known word");
  }
  judgeSchema(found, shape, words);
  judgeDescription(found, shape.description.slice(0, descriptionMax));
  judgeAnnotations(found, shape.annotations);
  return { category: found.category, risk: riskOf(found.category), evidence: found.evidence };
}

/** The category so far; it only ever rises. */
class Findings {
  category: ToolCategory = "read";
  readonly evidence: Evidence[] = [];

  /** Takes a category over if it is worse, and notes why; what is milder says nothing. */
  raise(category: ToolCategory, source: Evidence["source"], text: string): void {
    if (rank(category) < rank(this.category)) return;
    if (rank(category) > rank(this.category)) this.category = category;
    this.note(source, text);
  }

  note(source: Evidence["source"], text: string): void {
    this.evidence.push({ source, text });
  }
}

/** Destructive and financial are equally grave: whichever the name says first stays. */
function rank(category: ToolCategory): number {
  return Math.min(toolCategories.indexOf(category), toolCategories.indexOf("destructive"));
}

interface Spoken extends Verb {
  readonly word: string;
  readonly index: number;
}

function judgeName(found: Findings, all: readonly string[]): void {
  const words = withoutNounPairs(all);
  const spoken = words.flatMap((word, index): Spoken[] => {
    const verb = verbs.get(word);
    return verb ? [{ ...verb, word, index }] : [];
  });
  const main = mainVerb(spoken, words.length);
  const sure = spoken.filter((verb) => verb.sure && verb.category !== "read" && verb !== main);
  const phrase = phrases.find(({ first, then, gap }) => holds(words, first, then, gap));
  if (phrase?.category === "read" && sure.length === 0) return found.raise("read", "name", phrase.text);
  if (main) found.raise(main.category, "name", `the verb “${main.word}”`);
  for (const verb of sure) found.raise(verb.category, "name", `the verb “${verb.word}”`);
  const looks = main?.category === "read" && !phrase?.then.has(main.word);
  if (looks && sure.length === 0) return;
  if (phrase && phrase.category !== "read") found.raise(phrase.category, "name", phrase.text);
  const last = spoken.at(-1);
  if (last && main && last.index === words.length - 1 && ["execute", "destructive"].includes(last.category)) {
    found.raise(last.category, "name", `the verb “${last.word}”`);
  }
  judgeNouns(found, words, main !== undefined);
}

/** Nouns of a name that is not one of reading. */
function judgeNouns(found: Findings, words: readonly string[], hasVerb: boolean): void {
  const money = words.find((word) => moneyNouns.has(word) || moneyNouns.has(singularOf(word)));
  if (money !== undefined) found.raise("financial", "name", `money: “${money}”`);
  const last = words.at(-1) ?? "";
  const command = hasVerb ? words.find((word) => commandNouns.has(word)) : commandNouns.has(last) ? last : undefined;
  if (command !== undefined) found.raise("execute", "name", `a place where text is run: “${command}”`);
  if (hasVerb || found.evidence.length > 0) return;
  if (viewNouns.has(last)) found.raise("read", "name", `“${last}” without a verb`);
  else found.raise("write", "name", "no known verb, so it is taken for one that writes");
}

/**
 * The verb that the name is about: the first one from the left. Behind a noun (`channel_list_invite`, `charge_get`) the last
 * word may be it instead, when the first may also be a noun.
 */
function mainVerb(spoken: readonly Spoken[], length: number): Spoken | undefined {
  const [first] = spoken;
  const last = spoken.at(-1);
  if (!first || !last || first.sure || last.index !== length - 1) return first;
  if (first.category === "read") return first.index > 0 && last.category !== "read" ? last : first;
  return last.category === "read" && last.sure ? last : first;
}

function withoutNounPairs(words: readonly string[]): string[] {
  const isPair = (one: string | undefined, two: string | undefined): boolean =>
    nounPairs.some(([first, second]) => one === first && two === second);
  return words.filter((word, index) => !isPair(word, words[index + 1]) && !isPair(words[index - 1], word));
}

function holds(words: readonly string[], first: ReadonlySet<string>, then: ReadonlySet<string>, gap: number): boolean {
  return words.some(
    (word, index) => first.has(word) && words.slice(index + 1, index + 2 + gap).some((next) => then.has(next)),
  );
}

function judgeSchema(found: Findings, shape: ToolShape, words: readonly string[]): void {
  const names = new Set(shape.parameters.map((parameter) => parameter.name.toLowerCase()));
  for (const parameter of shape.parameters) {
    const name = parameter.name.toLowerCase();
    if (commandArguments.has(name) && parameter.values.length === 0) {
      found.raise("execute", "schema", `the argument “${name}” is run`);
    }
    if (takesSql(parameter, shape, words)) found.raise("execute", "schema", `the argument “${name}” is SQL`);
    if (choiceArguments.has(name)) judgeChoices(found, name, parameter.values);
  }
  const hasTarget = ["url", "uri", "path", "endpoint"].some((name) => names.has(name));
  if (names.has("method") && hasTarget) found.raise("execute", "schema", "method and address of a request are free");
  if (names.has("amount") && names.has("currency") && found.category !== "read") {
    found.raise("financial", "schema", "an amount in a currency");
  }
}

/** Whether a `query` is SQL rather than words to look for. */
function takesSql(parameter: ToolParameter, shape: ToolShape, words: readonly string[]): boolean {
  if (!["query", "queries", "q"].includes(parameter.name.toLowerCase())) return false;
  if (words.includes("search") || words.includes("find")) return false;
  const said = `${parameter.description.slice(0, descriptionMax)} ${shape.description.slice(0, descriptionMax)}`;
  return words.includes("sql") || /\bSQL\b/i.test(said) || /\bSELECT\b/.test(said);
}

function judgeChoices(found: Findings, name: string, values: readonly string[]): void {
  const lower = values.map((value) => value.toLowerCase());
  if (lower.length > 0 && lower.every((value) => httpMethods.has(value))) {
    if (lower.some((value) => value !== "get" && value !== "head")) {
      found.raise("execute", "schema", `“${name}” is a method of HTTP`);
    }
    return;
  }
  for (const value of values) {
    const [word = ""] = wordsOf(value.slice(0, 200));
    const verb = verbs.get(word);
    if (verb && rank(verb.category) > rank(found.category)) {
      found.raise(verb.category, "schema", `“${name}” may be “${word}”`);
    }
  }
}

const beyondRecall =
  /\birreversibl[ey]\b|\bpermanently (?:delet|remov|destroy|eras)|\b(?:cannot|can't|can not) be undone\b/i;
const runnable = /\b(?:sql|commands?|code|scripts?|shell|javascript|python|quer(?:y|ies))\b/i;

/** Descriptions begin with what the tool does: “Deletes a customer”. */
function judgeDescription(found: Findings, description: string): void {
  const first = /^[^A-Za-z]{0,20}([A-Za-z]{2,20})/.exec(description)?.[1]?.toLowerCase() ?? "";
  const word = verbs.has(first) ? first : singularOf(first);
  const verb = verbs.get(word);
  if (verb && rank(verb.category) > rank(found.category)) {
    // “Charges a card” is an act, “Charges of a customer” a list: an unsure verb does not outweigh a name of reading.
    const isVerb = verb.sure || (found.category !== "read" && first !== word);
    const isRun = verb.category !== "execute" || runnable.test(description.slice(0, 160));
    if (isVerb && isRun) found.raise(verb.category, "description", `it begins with “${word}”`);
  }
  if (beyondRecall.test(description)) found.raise("destructive", "description", "it says that there is no way back");
}

/** What the server says of its own tool: believed where it warns, not where it soothes. */
function judgeAnnotations(found: Findings, annotations: ReadonlyMap<string, boolean>): void {
  if (annotations.get("destructiveHint") === true) found.raise("destructive", "annotation", "destructiveHint: true");
  if (annotations.get("readOnlyHint") === false) found.raise("write", "annotation", "readOnlyHint: false");
  if (annotations.get("readOnlyHint") === true && found.category !== "read") {
    found.note("annotation", "readOnlyHint: true; a hint does not lower a risk");
  }
}
