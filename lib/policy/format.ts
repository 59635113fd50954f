import { isSamePolicy } from "./document-node";
import { formatSource, Unformattable } from "./format-source";
import { parsePolicy } from "./parse";
import { commentsOf, locate } from "./source-tree";
import type { Problem } from "./types";

export type FormatResult =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * A text in even layout: two spaces per level, at most one blank line, one space around what is joined on a line, `\n` and
 * one at the end. Comments, order of keys, quotes, spellings of numbers and the choice between flow and block stay. The
 * document is the same, which is checked; a text that cannot be laid out safely comes back as it is. Formatting again
 * changes nothing. A text with errors is refused.
 */
export function formatPolicy(text: string): FormatResult {
  const read = parsePolicy(text);
  if (!read.ok) return { ok: false, problems: read.problems };
  const once = layOut(text);
  if (once === null || layOut(once) !== once || commentsOf(once).join("\n") !== commentsOf(text).join("\n"))
    return { ok: true, text };
  const again = parsePolicy(once);
  return { ok: true, text: again.ok && isSamePolicy(again.document, read.document) ? once : text };
}

function layOut(text: string): string | null {
  const plain = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
  const root = locate(plain);
  try {
    return root && formatSource(plain, root);
  } catch (error) {
    if (error instanceof Unformattable) return null;
    throw error;
  }
}
