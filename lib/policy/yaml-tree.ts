import { Composer, isAlias, isMap, isScalar, isSeq, LineCounter, Parser } from "yaml";
import type { CST, Document, ParsedNode, Scalar as YamlScalar, YAMLMap, YAMLSeq } from "yaml";
import type { Position, Scalar } from "./document";
import { pointerToken } from "./path";
import { ProblemList } from "./problems";
import type { Place } from "./problems";
import { readPlain } from "./yaml-scalar";

/** A node of the text with its place; maps keep their order. */
export type TreeNode = TreeMap | TreeList | TreeScalar;
export interface TreeMap extends Place {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, TreeEntry>;
}
export interface TreeList extends Place {
  readonly kind: "list";
  readonly items: readonly TreeNode[];
}
export interface TreeScalar extends Place {
  readonly kind: "scalar";
  readonly value: Scalar;
}
export interface TreeEntry {
  /** Place of the key. */
  readonly key: Place;
  readonly value: TreeNode;
}

export interface Tree {
  /** Null when the text is empty or so broken that its shape means nothing. */
  readonly root: TreeNode | null;
  readonly problems: ProblemList;
  readonly positionOf: (offset: number) => Position;
}

/** Bytes of a policy as UTF-8, and levels of nesting. */
export const policyLimits = { bytes: 262_144, depth: 64 } as const;

/** A broken text makes its parser complain over and over; the first complaints are the useful ones. */
const syntaxProblemsMax = 100;

const start: Place = { pointer: "", offset: 0 };

/**
 * Reads a text as strict YAML 1.2 of plain data: no anchors, aliases, tags, directives, duplicate keys, second documents,
 * NaN or infinities; numbers are taken exactly from their text. JSON is a subset. Never throws on a text.
 */
export function readTree(text: string): Tree {
  const lines = linesOf(text);
  const positionOf = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems = new ProblemList(positionOf);
  const root = refuseText(text, problems) ? null : readDocument(text, problems);
  return { root, problems, positionOf };
}

/** Where lines begin, from the text itself: the library's parser loses count after a token that it did not expect. */
function linesOf(text: string): LineCounter {
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines.addNewLine(at + 1);
  return lines;
}

function refuseText(text: string, problems: ProblemList): boolean {
  if (utf8Length(text) > policyLimits.bytes) {
    problems.error("too_large", start, `A policy has at most ${policyLimits.bytes / 1024} KiB`);
    return true;
  }
  const bad = /[\0\p{Surrogate}]/u.exec(text);
  if (bad) problems.error("encoding", start, `Character ${bad.index + 1} is a NUL or half of a surrogate pair`);
  // Editors break a line there and our YAML library does not: a rule that people see could stand in a comment.
  const lone = /\r(?!\n)/.exec(text);
  if (lone) problems.error("encoding", start, `Character ${lone.index + 1} is a carriage return without a line feed`);
  return bad !== null || lone !== null;
}

function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // Each half of a pair adds one, which makes the four bytes of the pair.
    if (unit >= 0x80) length += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return length;
}

function readDocument(text: string, problems: ProblemList): TreeNode | null {
  const tokens = [...new Parser().parse(text)];
  const deep = findTooDeep(tokens);
  if (deep !== null) {
    problems.error("depth", { pointer: "", offset: deep }, `Nested deeper than ${policyLimits.depth} levels`);
    return null;
  }
  const composer = new Composer({ version: "1.2", schema: "failsafe", uniqueKeys: false, logLevel: "silent" });
  const [document, second] = [...composer.compose(tokens, true, text.length)];
  if (!document) return null;
  reportSyntax(document, problems);
  if (tokens.some((token) => token.type === "directive")) {
    problems.error("directive", start, "Directives (lines that begin with `%`) are not allowed");
  }
  if (second)
    problems.error(
      "syntax",
      { pointer: "", offset: second.range[0] },
      "A policy is one document, without `---` inside",
    );
  if (problems.hasErrors || document.contents === null) return null;
  return new TreeReader(problems).read(document.contents, "");
}

function reportSyntax(document: Document.Parsed, problems: ProblemList): void {
  for (const error of document.errors.slice(0, syntaxProblemsMax)) {
    const tabs = error.code === "TAB_AS_INDENT" ? "Indent with spaces." : undefined;
    problems.error("syntax", { pointer: "", offset: error.pos[0] }, error.message, tabs);
  }
}

/**
 * Offset of the first node beyond the depth limit, looked for without recursion and before anything recurses: a few
 * thousand brackets otherwise exhaust the stack inside the library, which ends the process.
 */
function findTooDeep(tokens: readonly CST.Token[]): number | null {
  const open: { token: unknown; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next; next = open.pop()) {
    const { token, depth } = next;
    if (typeof token !== "object" || token === null) continue;
    const collection = "items" in token && Array.isArray(token.items);
    if (collection && depth > policyLimits.depth) return "offset" in token ? Number(token.offset) : 0;
    const parts: unknown[] = "items" in token && Array.isArray(token.items) ? token.items : [];
    for (const part of parts) {
      if (typeof part !== "object" || part === null) continue;
      if ("key" in part) open.push({ token: part.key, depth: depth + 1 });
      if ("value" in part) open.push({ token: part.value, depth: depth + 1 });
    }
    if (token && "value" in token && !collection) open.push({ token: token.value, depth });
  }
  return null;
}

/** Turns the library's nodes into ours and refuses what makes a text mean more than it says. */
class TreeReader {
  private readonly problems: ProblemList;

  constructor(problems: ProblemList) {
    this.problems = problems;
  }

  read(node: ParsedNode | null, pointer: string): TreeNode {
    const place: Place = { pointer, offset: node?.range[0] ?? 0 };
    if (node === null) return { kind: "scalar", value: null, ...place };
    if (isAlias(node)) {
      this.problems.error("alias", place, `Alias \`*${node.source}\`: aliases are not allowed`, "Write the value out.");
      return { kind: "scalar", value: null, ...place };
    }
    if (node.anchor !== undefined) {
      this.problems.error("anchor", place, `Anchor \`&${node.anchor}\`: anchors are not allowed`);
    }
    if (node.tag !== undefined) this.problems.error("tag", place, `Tag \`${node.tag}\`: tags are not allowed`);
    if (isMap(node)) return this.readMap(node, place);
    if (isSeq(node)) return this.readList(node, place);
    return { kind: "scalar", value: this.readScalar(node, place), ...place };
  }

  private readMap(map: YAMLMap.Parsed, place: Place): TreeMap {
    const entries = new Map<string, TreeEntry>();
    for (const pair of map.items) {
      const node: unknown = pair.key;
      const offset = pair.key?.range?.[0] ?? place.offset;
      if (!isScalar<unknown>(node) || typeof node.value !== "string") {
        this.problems.error("key", { pointer: place.pointer, offset }, "A key is a plain text");
        continue;
      }
      const pointer = `${place.pointer}/${pointerToken(node.value)}`;
      const key: Place = { pointer, offset };
      if (node.anchor !== undefined) this.problems.error("anchor", key, "Anchors are not allowed");
      if (node.tag !== undefined) this.problems.error("tag", key, "Tags are not allowed");
      const value = pair.value === null ? emptyAt(key) : this.read(pair.value, pointer);
      if (entries.has(node.value)) this.problems.error("duplicate_key", key, `Key \`${node.value}\` is given twice`);
      else entries.set(node.value, { key, value });
    }
    return { kind: "map", entries, ...place };
  }

  private readList(list: YAMLSeq.Parsed, place: Place): TreeList {
    const items = list.items.map((item, index) => this.read(item as ParsedNode | null, `${place.pointer}/${index}`));
    return { kind: "list", items, ...place };
  }

  private readScalar(node: YamlScalar.Parsed, place: Place): Scalar {
    const text = String(node.value);
    if (node.type !== "PLAIN") {
      const clean = !/[\0\p{Surrogate}]/u.test(text);
      if (!clean) this.problems.error("encoding", place, "A text holds a NUL or half of a surrogate pair");
      return text;
    }
    const result = readPlain(text);
    if (!result.ok) this.problems.error("number", place, result.message, result.hint);
    return result.ok ? result.value : null;
  }
}

function emptyAt(key: Place): TreeScalar {
  return { kind: "scalar", value: null, ...key };
}
