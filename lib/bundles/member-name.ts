/** Between a member's prefix and the name that the member itself uses. */
export const separator = "__";

/** The longest name that a bundle shows (MCP 2025-11-25, "Tool Names"). */
export const nameLengthMax = 128;

/** The name under which a bundle shows what its member calls `name`. */
export function memberName(prefix: string, name: string): string {
  return prefix + separator + name;
}

/** True when `name` still fits behind `prefix`. */
export function fitsBehind(prefix: string, name: string): boolean {
  return prefix.length + separator.length + name.length <= nameLengthMax;
}

/**
 * The prefix and the member's own name in a bundle's name; null for text without a separator. A prefix holds no underscore, so the
 * first separator is the one.
 */
export function splitMemberName(text: string): { prefix: string; name: string } | null {
  const at = text.indexOf(separator);
  return at < 1 ? null : { prefix: text.slice(0, at), name: text.slice(at + separator.length) };
}
