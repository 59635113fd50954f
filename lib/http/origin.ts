/** The names this installation goes by. */
export interface OwnNames {
  publicUrl: string;
  port: number;
  /** `name` or `name:port`, lower case. */
  allowedHosts: readonly string[];
}

/**
 * True when a state-changing request comes from our own pages: its Origin is the public URL's, or is the very host that the
 * request was sent to while that host is one of ours. A request without Origin passes only when the browser itself says
 * `Sec-Fetch-Site: same-origin`; browsers always say one of the two.
 */
export function isOwnOrigin(headers: Headers, names: OwnNames): boolean {
  const origin = headers.get("origin");
  if (origin === null) return headers.get("sec-fetch-site") === "same-origin";
  const from = origin === "null" ? null : URL.parse(origin);
  if (!from) return false;
  if (from.origin === new URL(names.publicUrl).origin) return true;
  return from.host === headers.get("host")?.toLowerCase() && isOwnHost(from.host, names);
}

function isOwnHost(host: string, { port, allowedHosts }: OwnNames): boolean {
  const name = host.replace(/:\d+$/, "");
  if (allowedHosts.includes(host) || allowedHosts.includes(name)) return true;
  return ["localhost", "127.0.0.1", "[::1]"].includes(name) && host === `${name}:${String(port)}`;
}
