/** Where an authorisation answer goes: a web page, a program that listens on this computer, or an app that owns a URL scheme. */
export type RedirectPlace =
  { kind: "web"; host: string } | { kind: "loopback"; host: string } | { kind: "app"; scheme: string };

const lengthMax = 2_000;

/** Schemes without a dot that known desktop clients own; all other private-use schemes need one (RFC 8252, section 7.1). */
const appSchemes = ["claude", "code-oss", "cursor", "vscode", "vscode-insiders", "vscodium", "warp", "windsurf"];

const plain = /^[\x21-\x7e]+$/;
const loopback = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?((?:[/?].*)?)$/;
const scheme = /^([a-z][a-z0-9+.-]*):/;

/**
 * What a redirect URI leads to; null for one that may not be registered. Allowed are https, http on loopback, and private-use
 * schemes with a dot or of a known app. Never a fragment, user info, a wildcard, or what a browser would read otherwise than we do.
 */
export function parseRedirectUri(uri: string): RedirectPlace | null {
  if (uri.length > lengthMax || !plain.test(uri) || /[#\\*<>"`{}|^]/.test(uri)) return null;
  const parsed = URL.canParse(uri) ? new URL(uri) : null;
  const name = scheme.exec(uri)?.[1];
  if (!parsed || name === undefined || parsed.username !== "" || parsed.password !== "") return null;
  if (name === "https")
    return uri.startsWith("https://") && parsed.hostname ? { kind: "web", host: parsed.host } : null;
  if (name === "http") return loopback.test(uri) ? { kind: "loopback", host: parsed.host } : null;
  return name.includes(".") || appSchemes.includes(name) ? { kind: "app", scheme: name } : null;
}

/**
 * True when `uri` is one of the registered ones, character for character (RFC 9700, section 2.1). Only the port of a loopback address
 * may differ, because a desktop app takes whichever is free (RFC 8252, section 7.3).
 */
export function isRegisteredRedirect(registered: readonly string[], uri: string): boolean {
  if (parseRedirectUri(uri) === null) return false;
  return registered.some((known) => known === uri || (loopback.test(uri) && withoutPort(known) === withoutPort(uri)));
}

function withoutPort(uri: string): string {
  const found = loopback.exec(uri);
  return found ? `http://${found[1] ?? ""}${found[3] ?? ""}` : uri;
}
