/** What the host rules need of the settings. */
export interface HostSettings {
  readonly publicUrl: string;
  readonly allowedHosts: readonly string[];
  readonly port: number;
}

/**
 * The values that a `Host` header may have: the public URL's host, the configured aliases (with or without our port), and
 * loopback on our own port. A foreign name is how DNS rebinding looks.
 */
export function hostsOf(settings: HostSettings): ReadonlySet<string> {
  const port = String(settings.port);
  const aliases = settings.allowedHosts.flatMap((host) => [host, `${host}:${port}`]);
  const loopback = ["localhost", "127.0.0.1", "[::1]"];
  const own = loopback.flatMap((host) => (port === "80" ? [host, `${host}:${port}`] : [`${host}:${port}`]));
  return new Set([new URL(settings.publicUrl).host, ...aliases, ...own]);
}

/** True when `Host` names this installation. */
export function isOwnHost(host: string | undefined, hosts: ReadonlySet<string>): boolean {
  return host !== undefined && hosts.has(host.toLowerCase());
}

/**
 * True when `Origin` is absent, the public URL's, or the very host that the request was sent to. The text `null`, which
 * sandboxed frames send, is foreign. `host` must have passed `isOwnHost`.
 */
export function isOwnOrigin(origin: string | undefined, host: string, publicUrl: string): boolean {
  if (origin === undefined || origin === publicUrl) return true;
  return origin === `http://${host.toLowerCase()}` || origin === `https://${host.toLowerCase()}`;
}
