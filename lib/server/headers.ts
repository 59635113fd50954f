import { pathHeader } from "@/lib/auth/return-address";

/**
 * Request headers that only we may set: Next reads its nonce, its routing and the visitor's address, which the sign-in limits count by,
 * out of them.
 */
const ownRequestHeaders =
  /^(content-security-policy(-report-only)?|x-nonce|x-middleware-.*|x-nextjs-.*|x-policylayer-.*|forwarded|x-forwarded-.*|x-real-ip)$/i;

/** The content security policy of a page: scripts by nonce only, nothing from elsewhere, never framed. */
export function pagePolicy(nonce: string, dev: boolean): string {
  return [
    "default-src 'self'",
    // React's development build evaluates text to rebuild server stacks; production never does.
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${dev ? " 'unsafe-eval'" : ""}`,
    // The YAML editor and the canvas set inline styles; a nonce here would cancel 'unsafe-inline'.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    `connect-src 'self'${dev ? " ws: wss:" : ""}`,
    "worker-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** The response headers of everything that Next answers. */
export function pageHeaders(policy: string, isHttps: boolean): Record<string, string> {
  return {
    "Content-Security-Policy": policy,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ...(isHttps ? { "Strict-Transport-Security": "max-age=31536000" } : {}),
  };
}

interface RawMessage {
  url?: string | undefined;
  headers: Record<string, string | string[] | undefined>;
  rawHeaders: string[];
}

/**
 * Drops the client's copies of headers that only we may set, then hands Next the policy, its nonce, the client's address, and the path,
 * which a page needs to lead back to itself after a sign-in.
 */
export function replaceOwnHeaders(
  message: RawMessage,
  { policy, nonce, address }: { policy: string; nonce: string; address: string | null },
): void {
  for (const name of Object.keys(message.headers)) if (ownRequestHeaders.test(name)) delete message.headers[name];
  const raw: string[] = [];
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2) {
    const [name = "", value = ""] = message.rawHeaders.slice(at, at + 2);
    if (!ownRequestHeaders.test(name)) raw.push(name, value);
  }
  message.headers["content-security-policy"] = policy;
  message.headers["x-nonce"] = nonce;
  const path = message.url ?? "/";
  message.headers[pathHeader] = path;
  message.rawHeaders = [...raw, "Content-Security-Policy", policy, "X-Nonce", nonce, pathHeader, path];
  if (address === null) return;
  message.headers["x-forwarded-for"] = address;
  message.rawHeaders.push("X-Forwarded-For", address);
}

/** How often `name` (lower case) stands in the raw headers, where Node has not merged anything yet. */
export function countHeader(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]?.toLowerCase() === name) count += 1;
  return count;
}
