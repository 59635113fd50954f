/** The last part of a rule's pointer: its name, or the bracketed built-in such as `(default deny)`. */
export function ruleName(rule: string): string {
  const marker = "/rules/";
  const at = rule.lastIndexOf(marker);
  return at < 0
    ? rule
    : rule
        .slice(at + marker.length)
        .replaceAll("~1", "/")
        .replaceAll("~0", "~");
}
