import type { PolicyDocument } from "./document";
import { documentNode } from "./document-node";
import { isEmptyNode } from "./text-node";
import type { TextNode } from "./text-node";
import { flowText, quoted } from "./yaml-text";

const widthMax = 110;

/**
 * A document as JSON of the same language. Numbers keep every digit (9007199254740993 stays what it is), so read it back
 * with `parsePolicy` or another reader that does not round.
 */
export function writePolicyJson(document: PolicyDocument): string {
  return `${jsonText(documentNode(document), 0)}\n`;
}

function jsonText(node: TextNode, column: number): string {
  const line = flowText(node, true);
  const joined = node.kind === "scalar" || isEmptyNode(node) || (!node.block && line.length + column <= widthMax);
  if (joined) return line;
  const inner = column + 2;
  const lines =
    node.kind === "list"
      ? node.items.map((item) => jsonText(item, inner))
      : node.entries.map(({ key, value }) => `${quoted(key)}: ${jsonText(value, inner)}`);
  const [open, close] = node.kind === "list" ? "[]" : "{}";
  const pad = `\n${" ".repeat(inner)}`;
  return `${open}${pad}${lines.join(`,${pad}`)}\n${" ".repeat(column)}${close}`;
}
