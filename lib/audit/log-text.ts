/** Stands at the end of a text that was cut. */
export const cutMark = "…";

/** NUL cannot be stored by PostgreSQL, and half a surrogate pair has no UTF-8 form. */
const unstorable = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** Text fit for a record and its columns: NUL and lone surrogates become U+FFFD, at most `lengthMax` UTF-16 units, a cut is marked. */
export function toLogText(text: string, lengthMax: number): string {
  const kept = text.length <= lengthMax ? text : text.slice(0, lengthMax - 1) + cutMark;
  return kept.replace(unstorable, "\uFFFD");
}

/** The same for a list of names; a list longer than `countMax` ends with the mark. */
export function toLogTexts(texts: readonly string[], countMax: number, lengthMax: number): string[] {
  const kept = texts.length <= countMax ? texts : [...texts.slice(0, countMax - 1), cutMark];
  return kept.map((text) => toLogText(text, lengthMax));
}
