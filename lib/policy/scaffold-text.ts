/** Characters of a comment that quotes text of a server. */
const quoteMax = 100;

/**
 * Text of unknown origin for a comment: one line, cut at 100 characters; controls, bidirectional marks, zero-width and tag
 * characters become `\u{…}`, so that nothing is hidden and nothing ends the comment.
 */
export function commentText(text: string): string {
  // Four units per character are enough for the cut, and keep a text of megabytes from being copied.
  const unitsMax = quoteMax * 4;
  const line = text.slice(0, unitsMax).replace(/[\t\n\r ]+/g, " ");
  const characters = [...line.trim()];
  const isCut = characters.length > quoteMax || text.length > unitsMax;
  return characters.slice(0, quoteMax).map(visible).join("") + (isCut ? "…" : "");
}

/** A text as a scalar or key of YAML: plain where it cannot be misread, otherwise in double quotes with nothing hidden. */
export function yamlText(text: string): string {
  const isPlain = /^[A-Za-z_][A-Za-z0-9_-]*$/.test(text) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return isPlain ? text : `"${[...text].map(quoted).join("")}"`;
}

/** The path of a top-level argument; null when it has none that a policy could hold. */
export function argumentPath(name: string): string | null {
  const isBare = /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name);
  const path = isBare ? `args.${name}` : `args[${JSON.stringify(name)}]`;
  return path.length <= 512 && isStorable(name) ? path : null;
}

/** Whether a policy may hold the text at all: it refuses NUL and halves of surrogate pairs. */
export function isStorable(text: string): boolean {
  return !/[\0\p{Surrogate}]/u.test(text);
}

const hidden = /[\p{C}\u2028\u2029\u115f\u1160\u3164\uffa0]/u;

function visible(character: string): string {
  return hidden.test(character) ? `\\u{${hex(character)}}` : character;
}

function quoted(character: string): string {
  if (character === '"' || character === "\\") return `\\${character}`;
  if (!hidden.test(character)) return character;
  const code = hex(character);
  return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
}

function hex(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16);
}
