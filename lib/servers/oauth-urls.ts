const resourceWellKnown = "/.well-known/oauth-protected-resource";
const serverWellKnown = "/.well-known/oauth-authorization-server";
const openidWellKnown = "/.well-known/openid-configuration";

/** Where a protected resource's metadata may be, best first (RFC 9728 section 3.1): with the path, then without. */
export function resourceMetadataUrls(upstream: string): string[] {
  const { origin, pathname, search } = new URL(upstream);
  return [...new Set([origin + resourceWellKnown + withoutSlash(pathname) + search, origin + resourceWellKnown])];
}

/** Where an issuer's metadata may be, best first: RFC 8414 section 3.1, then the forms of OpenID Connect Discovery. */
export function issuerMetadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = withoutSlash(pathname);
  return [
    ...new Set([origin + serverWellKnown + path, origin + openidWellKnown + path, origin + path + openidWellKnown]),
  ];
}

/**
 * The identifiers that metadata read from `metadataUrl` may claim for an upstream (RFC 9728 section 3.3): the upstream's URL, and its
 * bare origin only where the document was found at the well-known place of the origin.
 */
export function isResourceOf(claimed: string, upstream: string, metadataUrl: string): boolean {
  const origin = new URL(upstream).origin;
  if (sameUrl(claimed, upstream)) return true;
  return metadataUrl === origin + resourceWellKnown && sameUrl(claimed, origin);
}

/** Equal as URLs: case of scheme and host, default port and the slash of an empty path do not count; all else does. */
export function sameUrl(a: string, b: string): boolean {
  const [left, right] = [URL.parse(a), URL.parse(b)];
  return left !== null && right !== null && !a.includes("#") && left.href === right.href;
}

/** True for an issuer identifier as RFC 8414 section 2 wants it: http(s), no query, no fragment, no user info. */
export function isIssuer(text: string): boolean {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return false;
  return !url.username && !url.password && !text.includes("?") && !text.includes("#");
}

/**
 * True when a person's browser may be sent there: https, or with the private-network switch http on loopback. Everything else
 * (`javascript:`, `data:`, user info) is refused.
 */
export function isOpenable(text: string, allowPrivateNetwork: boolean): boolean {
  const url = URL.parse(text);
  if (!url || url.username || url.password || url.hash) return false;
  return url.protocol === "https:" || (url.protocol === "http:" && allowPrivateNetwork && isLoopback(url.hostname));
}

/** True for a host that names the machine itself. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(hostname);
}

function withoutSlash(pathname: string): string {
  return pathname.replace(/\/$/, "");
}
