/** A console session lasts this long, however much it is used. */
export const sessionSeconds = 12 * 60 * 60;

/** True when cookies must be `Secure`: the console is reached by https. */
export function isSecure(publicUrl: string): boolean {
  return publicUrl.startsWith("https:");
}

/** `__Host-` binds the cookie to this very host and to https (RFC 6265bis, section 4.1.3.2); plain http cannot carry it. */
export function sessionCookieName(publicUrl: string): string {
  return isSecure(publicUrl) ? "__Host-policylayer.session" : "policylayer.session";
}

export function sessionCookieOptions(publicUrl: string) {
  return { httpOnly: true, sameSite: "lax", path: "/", secure: isSecure(publicUrl) } as const;
}

/** A `Set-Cookie` value for a session token. */
export function setSessionCookie(publicUrl: string, token: string): string {
  const secure = isSecure(publicUrl) ? "; Secure" : "";
  const age = String(sessionSeconds);
  return `${sessionCookieName(publicUrl)}=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${age}${secure}`;
}

/** The value of a cookie in a `Cookie` header; null when it is absent or sent more than once. */
export function readCookie(header: string | null, name: string): string | null {
  const found = (header ?? "")
    .split(";")
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`));
  return found.length === 1 && found[0] !== undefined ? found[0].slice(name.length + 1) : null;
}
