const longest = 200;

/**
 * Text of unknown origin made safe to look at: controls, bidirectional marks, zero-width, tag and other characters that show nothing become
 * `\u{…}` escapes, so that what is shown is what is there.
 */
export function visibleText(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe00-\ufe0d\uffa0\u{e0100}-\u{e01ef}]/gu,
    (character) => {
      if (character === "\n") return "\\n";
      if (character === "\t") return "\\t";
      return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
    },
  );
}

/** The first 200 characters, and whether something was left out. */
export function cutText(text: string): { text: string; cut: boolean } {
  const characters = [...text];
  if (characters.length <= longest) return { text, cut: false };
  return { text: characters.slice(0, longest).join(""), cut: true };
}
