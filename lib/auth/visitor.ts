export interface Visitor {
  address: string;
  userAgent: string;
}

/**
 * The visitor behind request headers. The address is the last hop of `X-Forwarded-For`: the one that was added on this host,
 * not what a client claims before it.
 */
export function visitorOf(headers: Readonly<Record<string, unknown>>): Visitor {
  const text = (name: string) => (typeof headers[name] === "string" ? headers[name] : "");
  return { address: text("x-forwarded-for").split(",").at(-1)?.trim() || "unknown", userAgent: text("user-agent") };
}
