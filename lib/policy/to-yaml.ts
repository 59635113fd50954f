import type { PolicyDocument } from "./document";
import { documentNode } from "./document-node";
import { blockText } from "./yaml-text";

/**
 * A document as YAML in one canonical form: keys in the order of the language, exact numbers, texts in quotes whenever a
 * reader could take them for something else. `parsePolicy` reads an equal document back; writing that gives the same text.
 */
export function writePolicy(document: PolicyDocument): string {
  return `${blockText(documentNode(document), 0)}\n`;
}
