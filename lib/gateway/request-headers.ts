/** What the gateway reads of a request's header lines; everything else of them is not looked at and never forwarded. */
export interface RequestHeaders {
  host: string | null;
  origin: string | null;
  authorization: string | null;
  cookie: string | null;
  contentType: string | null;
  contentEncoding: string | null;
  contentLength: string | null;
  accept: string | null;
  userAgent: string | null;
  version: string | null;
  method: string | null;
  name: string | null;
  /** As the client sent it; once a request is read, the upstream's own id that was sealed in it. */
  session: string | null;
  /** The sealed session id that the client sent; null until it was opened. */
  sealedSession: string | null;
  idempotencyKey: string | null;
  lastEventId: string | null;
  traceparent: string | null;
  tracestate: string | null;
  /** `Mcp-Param-*` lines in order, names in lower case. */
  params: [name: string, value: string][];
  /** All lines as they came: name, value, name, value… Looked at only where an admin lets some through. */
  lines: readonly string[];
  /** First header that stands twice although it may stand once only (gateway's list of security headers). */
  duplicate: string | null;
}

type Field = Exclude<keyof RequestHeaders, "params" | "lines" | "duplicate" | "sealedSession">;

/** Header → field, and whether two lines of it are refused. */
const fields: ReadonlyMap<string, { field: Field; once: boolean }> = new Map([
  ["host", { field: "host", once: true }],
  ["origin", { field: "origin", once: true }],
  ["authorization", { field: "authorization", once: true }],
  ["content-type", { field: "contentType", once: true }],
  ["content-length", { field: "contentLength", once: true }],
  ["mcp-protocol-version", { field: "version", once: true }],
  ["mcp-method", { field: "method", once: true }],
  ["mcp-name", { field: "name", once: true }],
  ["mcp-session-id", { field: "session", once: true }],
  ["content-encoding", { field: "contentEncoding", once: false }],
  ["cookie", { field: "cookie", once: false }],
  ["accept", { field: "accept", once: false }],
  ["user-agent", { field: "userAgent", once: false }],
  ["idempotency-key", { field: "idempotencyKey", once: true }],
  ["last-event-id", { field: "lastEventId", once: false }],
  ["traceparent", { field: "traceparent", once: false }],
  ["tracestate", { field: "tracestate", once: false }],
]);

/**
 * Reads header lines given as name, value, name, value… as they stood on the wire (node's `rawHeaders`). A repeated line that
 * may be repeated is joined with a comma, as RFC 9110, section 5.3 says.
 */
export function readHeaders(lines: readonly string[]): RequestHeaders {
  const headers = blank(lines);
  let others: Set<string> | null = null;
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const name = (lines[i] ?? "").toLowerCase();
    const value = lines[i + 1] ?? "";
    const known = fields.get(name);
    if (known) {
      const before = headers[known.field];
      if (before === null) headers[known.field] = value.trim();
      else if (known.once) headers.duplicate ??= name;
      else headers[known.field] = `${before}, ${value.trim()}`;
    } else if (name.startsWith("mcp-")) {
      others ??= new Set();
      if (others.has(name)) headers.duplicate ??= name;
      others.add(name);
      if (name.startsWith("mcp-param-")) headers.params.push([name, value.trim()]);
    }
  }
  return headers;
}

/** Header lines of a `Request` whose raw lines are not known (a plain Next host): duplicates cannot be seen there. */
export function linesOf(headers: Headers): string[] {
  const lines: string[] = [];
  headers.forEach((value, name) => lines.push(name, value));
  return lines;
}

/**
 * The text behind a header that may come as `=?base64?…?=` (MCP 2026-07-28, Streamable HTTP, "Header encoding").
 * Null when it claims that form and is not canonical base64 of UTF-8.
 */
export function decodeHeader(value: string): string | null {
  if (!value.startsWith("=?base64?") || !value.endsWith("?=")) return value;
  const base64 = value.slice(9, -2);
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) return null;
  try {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** `text` as a header value that `decodeHeader` gives back: as it is where the header's syntax allows it (RFC 9110, section 5.5). */
export function encodeHeader(text: string): string {
  if (/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text) && !text.startsWith("=?base64?")) return text;
  const binary = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
  return `=?base64?${btoa(binary)}?=`;
}

function blank(lines: readonly string[]): RequestHeaders {
  return {
    host: null,
    origin: null,
    authorization: null,
    cookie: null,
    contentType: null,
    contentEncoding: null,
    contentLength: null,
    accept: null,
    userAgent: null,
    version: null,
    method: null,
    name: null,
    session: null,
    sealedSession: null,
    idempotencyKey: null,
    lastEventId: null,
    traceparent: null,
    tracestate: null,
    params: [],
    lines,
    duplicate: null,
  };
}
