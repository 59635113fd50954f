import { checkDocument } from "./check-document";
import type { PlaceOf } from "./check-counters";
import type { PolicyDocument, PolicySource } from "./document";
import type { Place, ProblemList } from "./problems";
import { readPolicy } from "./read-document";
import type { Problem } from "./types";
import { readTree } from "./yaml-tree";
import type { TreeNode } from "./yaml-tree";

/** `problems` of a good text are warnings; those of a bad one hold at least one error. */
export type ParseResult =
  | { ok: true; document: PolicyDocument; source: PolicySource; problems: Problem[] }
  | { ok: false; problems: Problem[] };

/** A text as far as it could be understood, with everything found on the way. */
export interface PolicyReading {
  readonly document: PolicyDocument | null;
  readonly problems: ProblemList;
  readonly placeOf: PlaceOf;
  readonly source: PolicySource;
}

/**
 * Text → document. Every problem is found in one go, each with its place, sorted by position; a document is given only
 * when none of them is an error, so whatever compiles has passed every check. Never throws on a text.
 */
export function parsePolicy(text: string): ParseResult {
  const { document, problems, source } = readPolicyText(text);
  if (document && !problems.hasErrors) return { ok: true, document, source, problems: problems.sorted() };
  return { ok: false, problems: problems.sorted() };
}

/** The shared first half of `parsePolicy` and `checkPolicy`. */
export function readPolicyText(text: string): PolicyReading {
  const { root, problems, positionOf } = readTree(text);
  const placeOf: PlaceOf = (pointer) => findPlace(root, pointer);
  const document = root && readPolicy(problems, root);
  if (document) checkDocument(document, problems, placeOf);
  else if (!problems.hasErrors) {
    const hint = 'Begin with `version: "1"` and `tools:`.';
    problems.error("empty", { pointer: "", offset: 0 }, "The policy is empty", hint);
  }
  return {
    document,
    problems,
    placeOf,
    source: { text, positionOf: (pointer) => positionOf(placeOf(pointer).offset) },
  };
}

/** The place of a pointer: a map's member at its key, a list's at its value; the nearest parent when it is not in the text. */
export function findPlace(root: TreeNode | null, pointer: string): Place {
  let node: TreeNode | undefined = root ?? undefined;
  let place: Place = { pointer, offset: root?.offset ?? 0 };
  for (const token of pointer.split("/").slice(1)) {
    const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
    const entry: { key: Place; value: TreeNode } | undefined =
      node?.kind === "map" ? node.entries.get(name) : undefined;
    node = node?.kind === "list" ? node.items[Number(name)] : entry?.value;
    const offset = entry?.key.offset ?? node?.offset;
    if (offset === undefined) return place;
    place = { pointer, offset };
  }
  return place;
}
