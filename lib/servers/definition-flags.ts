import { readJson } from "@/lib/kernel/json";
import type { Value, ValueObject } from "@/lib/kernel/value";
import { definitionLimits } from "./definition";
import { findBlock, type BlockCode } from "./definition-bounds";
import { findHidden, readableText, readTagText, type HiddenCode } from "./hidden-text";
import { instructionPatterns, type InstructionCode } from "./instruction-patterns";
import { nameSkeleton } from "./name-skeleton";

export type FlagCode =
  HiddenCode | InstructionCode | BlockCode | "encoded_text" | "foreign_tool" | "lookalike" | "same_name" | "unreadable";

/** Something about a definition that a person should know before they accept it. */
export interface Flag {
  code: FlagCode;
  /** `block`: it cannot be accepted at all. `danger`: never accepted as one of many. `notice`: worth a look. */
  severity: "block" | "danger" | "notice";
  /** JSON Pointer of the text within the definition. */
  at: string;
  /** What stands there, up to 160 characters; hidden characters included, so it must be escaped to be shown. */
  evidence: string;
  /** One plain sentence. */
  message: string;
}

/** A tool of another server of the organisation. */
export interface ForeignTool {
  readonly server: string;
  readonly tool: string;
}

/** What else there is to be mistaken for, indexed once for many definitions. */
export interface Neighbours {
  /** This server's tools by the skeleton of their name. */
  readonly own: ReadonlyMap<string, readonly string[]>;
  /** Other servers' tools, the same way. */
  readonly foreign: ReadonlyMap<string, readonly ForeignTool[]>;
  /** Other servers by the name of a tool that this server has not. */
  readonly foreignNames: ReadonlyMap<string, string>;
}

/** Indexes the names of a server's own tools and of the tools of its organisation's other servers. */
export function neighboursOf(own: readonly string[], foreign: readonly ForeignTool[]): Neighbours {
  const mine = new Set(own);
  const others = foreign.filter(({ tool }) => !mine.has(tool));
  return {
    own: group(own, (name) => name),
    foreign: group(foreign, ({ tool }) => tool),
    foreignNames: new Map(others.map(({ tool, server }) => [tool, server])),
  };
}

function group<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const skeleton = nameSkeleton(nameOf(item));
    const known = groups.get(skeleton);
    if (known) known.push(item);
    else groups.set(skeleton, [item]);
  }
  return groups;
}

/** A definition shows at most this many flags; one is enough to look. */
const flagsMax = 50;
/** Characters of what is quoted. */
const evidenceMax = 160;

/**
 * What is suspicious about a definition: hidden characters, wording that instructs the agent, names that stand for others, schemas
 * beyond the bounds. Reads the whole definition, keys and schema texts too, and changes nothing: poisoned text stays as it is.
 */
export function findFlags(definition: string, neighbours: Neighbours): Flag[] {
  const read = readJson(new TextEncoder().encode(definition), definitionLimits);
  if (!read.ok || !(read.value instanceof Map)) {
    return [flag("unreadable", "block", "", "", "The definition cannot be read.")];
  }
  const root = read.value as ValueObject;
  const block = findBlock(root);
  const name = root.get("name");
  const flags = [
    ...(block ? [blockFlag(block.code, block.at, block.evidence)] : []),
    ...(typeof name === "string" ? nameFlags(name, neighbours) : []),
  ];
  forEachText(root, "", (text, at) => {
    if (flags.length < flagsMax) flags.push(...textFlags(text, at, neighbours.foreignNames));
  });
  return flags.slice(0, flagsMax);
}

/** True when a definition must be looked at by itself before it is accepted. */
export function isDangerous(flags: readonly Flag[]): boolean {
  return flags.some(({ severity }) => severity !== "notice");
}

/** The flag of a bound that a stored definition is known to break. */
export function blockFlag(code: BlockCode, at: string, evidence: string): Flag {
  return flag(code, "block", at, evidence, blockMessages[code]);
}

const blockMessages: Readonly<Record<BlockCode, string>> = {
  remote_ref: "The schema refers to an address outside of it. Nothing is ever fetched for it.",
  too_deep: "The schema is nested too deeply: 32 levels at most.",
  too_large: "The definition is larger than 256 KiB.",
  too_many_branches: "The schema has too many alternatives to be checked by anybody.",
  recursion: "The schema contains itself.",
};

const hiddenMessages: Readonly<Record<HiddenCode, string>> = {
  tag_characters: "Holds tag characters: text that a model reads and a person does not see.",
  bidi_control: "Holds characters that change the order in which text is shown.",
  zero_width: "Holds characters without width.",
  invisible: "Holds characters that show nothing.",
  control: "Holds control characters.",
  padding: "Pushes text out of sight with blanks or empty lines.",
};

function textFlags(text: string, at: string, foreign: ReadonlyMap<string, string>): Flag[] {
  const flags = findHidden(text).map(({ code, evidence, count }) => {
    const tagged = code === "tag_characters" ? readTagText(text) : "";
    const says = tagged === "" ? "" : ` It reads: ${tagged.slice(0, evidenceMax)}`;
    const times = count === 1 ? "" : ` (${String(count)} times)`;
    return flag(code, "danger", at, evidence, `${hiddenMessages[code].slice(0, -1)}${times}.${says}`);
  });
  const readable = readableText(text);
  flags.push(...wordingFlags(readable, at));
  const tagged = readTagText(text);
  if (tagged !== "") flags.push(...wordingFlags(readableText(tagged), at));
  if (!/^data:image\//.test(text)) flags.push(...encodedFlags(text, at));
  const named = foreign.size === 0 ? null : foreignNameIn(text, foreign);
  if (named) {
    const message = `Names a tool of another server (${named.server}): a definition should speak of its own.`;
    flags.push(flag("foreign_tool", "danger", at, named.name, message));
  }
  return flags;
}

/** A name of two parts or more that is another server's tool; plain words never count. */
function foreignNameIn(text: string, foreign: ReadonlyMap<string, string>): { name: string; server: string } | null {
  for (const [word] of text.matchAll(/[A-Za-z0-9_.-]{3,200}/g)) {
    const name = word.replace(/[.-]+$/, "");
    const server = foreign.get(name);
    if (server !== undefined && /[_.-]|[a-z][A-Z]/.test(name)) return { name, server };
  }
  return null;
}

function wordingFlags(readable: string, at: string): Flag[] {
  const seen = new Set<InstructionCode>();
  return instructionPatterns.flatMap(({ code, severity, pattern, message }) => {
    const found = seen.has(code) ? null : pattern.exec(readable);
    if (!found) return [];
    seen.add(code);
    return [flag(code, severity, at, wordsAround(readable, found.index, found.index + found[0].length), message)];
  });
}

/** A finding with some whole words on both sides. */
function wordsAround(text: string, start: number, end: number): string {
  const from = start <= 20 ? 0 : Math.max(text.lastIndexOf(" ", start - 20) + 1, start - 60);
  const space = text.indexOf(" ", end + 40);
  const to = space < 0 ? Math.min(text.length, end + 80) : Math.min(space, end + 80);
  return `${from > 0 ? "… " : ""}${text.slice(from, to).trim()}${to < text.length ? " …" : ""}`;
}

/** Long runs of base64 or hexadecimal: text if they decode to text, otherwise only worth a look. */
function encodedFlags(text: string, at: string): Flag[] {
  const run = /(?:[A-Za-z0-9+/]{60,}|[A-Za-z0-9_-]{60,})={0,2}/.exec(text)?.[0];
  if (run === undefined || /^(.)\1*$/.test(run)) return [];
  const decoded = decodeBase64(run);
  const isText = decoded !== null && /^[\t\n\r\x20-\x7e]{30,}$/.test(decoded);
  const message = isText
    ? `Holds encoded text. It reads: ${decoded.slice(0, evidenceMax)}`
    : "Holds a long encoded value that nobody can read.";
  return [flag("encoded_text", isText ? "danger" : "notice", at, run, message)];
}

function decodeBase64(run: string): string | null {
  try {
    return atob(run.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, ""));
  } catch {
    return null;
  }
}

function nameFlags(name: string, { own, foreign }: Neighbours): Flag[] {
  const flags: Flag[] = [];
  const skeleton = nameSkeleton(name);
  const at = "/name";
  const twin = own.get(skeleton)?.find((other) => other !== name);
  if (twin !== undefined) {
    flags.push(flag("lookalike", "danger", at, twin, "Looks like another tool of this server."));
  }
  const shadow = foreign.get(skeleton)?.find(({ tool }) => tool !== name);
  if (shadow) {
    const message = `Looks like a tool of another server (${shadow.server}) without being called the same.`;
    flags.push(flag("lookalike", "danger", at, shadow.tool, message));
  }
  const same = foreign.get(skeleton)?.find(({ tool }) => tool === name);
  if (same)
    flags.push(flag("same_name", "notice", at, name, `Another server (${same.server}) has a tool of this name.`));
  if (/[^\x21-\x7e]/.test(name) && /^[\x21-\x7e]+$/.test(skeleton)) {
    flags.push(flag("lookalike", "danger", at, name, "Written with letters that only look like Latin ones."));
  }
  return flags;
}

function forEachText(value: Value, at: string, visit: (text: string, at: string) => void): void {
  if (typeof value === "string") {
    visit(value, at);
  } else if (value instanceof Map) {
    for (const [key, member] of value as ValueObject) {
      const here = `${at}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      if (!/^[\w$-]{1,64}$/.test(key)) visit(key, here);
      forEachText(member, here, visit);
    }
  } else if (Array.isArray(value)) {
    (value as readonly Value[]).forEach((item, index) => {
      forEachText(item, `${at}/${String(index)}`, visit);
    });
  }
}

function flag(code: FlagCode, severity: Flag["severity"], at: string, evidence: string, message: string): Flag {
  return { code, severity, at, evidence: [...evidence].slice(0, evidenceMax).join(""), message };
}
