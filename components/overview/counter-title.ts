/**
 * A counter in words: `create_charge: daily cap [usd]`. Counters that the gateway names itself show what they count; those of `"*"`
 * are of every tool. `by` holds the values that split it, texts in quotes.
 */
export function counterTitle(name: string, by: readonly string[]): string {
  const words = name
    .replace(/^_global(?=[.[])/, "every tool")
    .replace(/^\["((?:[^"\\]|\\.)*)"\]/, "$1")
    .replace(/\["((?:[^"\\]|\\.)*)"\]$/, ".$1")
    .replace(/\._limit\/(.*)$/, ": $1")
    .replace(
      /\._rate_([a-z]+)(?:\/(.*))?$/,
      (_, window: string, rule?: string) => `: ${rule ?? `calls per ${window}`}`,
    );
  return by.length === 0 ? words : `${words} [${by.map((text) => text.replace(/^"(.*)"$/, "$1")).join(", ")}]`;
}

/** What its figures are: calls, or the raw numbers of an argument. */
export function counterUnit(name: string): "calls" | "raw" {
  return name.includes("_rate_") ? "calls" : "raw";
}
