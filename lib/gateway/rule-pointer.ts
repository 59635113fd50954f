/** A name as one step of a JSON Pointer (RFC 6901, section 3). */
export function pointerToken(text: string): string {
  return text.replaceAll("~", "~0").replaceAll("/", "~1");
}
