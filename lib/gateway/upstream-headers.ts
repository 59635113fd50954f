import { isForwardable } from "@/lib/servers/settings";
import { modernRevision } from "./revision";
import type { RequestHeaders } from "./request-headers";

export const productVersion = "0.1.0";

/** The product's name towards upstreams. */
export const userAgent = `policylayer/${productVersion}`;

const acceptAll = "application/json, text/event-stream";

/**
 * The header lines for the upstream: an allow-list, built anew. The client's `Authorization`, `Cookie`, `Origin`, forwarding and
 * hop-by-hop lines have no way in; the upstream's own credential is added by the caller, last. `forward` names what an admin lets
 * through for this server, in lower case.
 */
export function toUpstream(
  headers: RequestHeaders,
  hasBody: boolean,
  forward: readonly string[] = [],
): Record<string, string> {
  const lines: Record<string, string> = {
    accept: acceptOf(headers.accept),
    "accept-encoding": "identity",
    "user-agent": userAgent,
  };
  if (hasBody) lines["content-type"] = "application/json";
  if (headers.version !== null) lines["mcp-protocol-version"] = headers.version;
  if (headers.session !== null) lines["mcp-session-id"] = headers.session;
  if (headers.lastEventId !== null) lines["last-event-id"] = headers.lastEventId;
  if (headers.traceparent !== null) lines.traceparent = headers.traceparent;
  if (headers.tracestate !== null) lines.tracestate = headers.tracestate;
  if (forward.length > 0) copyForwarded(lines, headers.lines, forward);
  if (headers.version !== modernRevision) return lines;
  if (headers.method !== null) lines["mcp-method"] = headers.method;
  if (headers.name !== null) lines["mcp-name"] = headers.name;
  for (const [name, value] of headers.params) lines[name] = value;
  return lines;
}

/** Copies the named lines. Names that can never pass, and those that the client's `Connection` names (RFC 9110, 7.6.1), do not. */
function copyForwarded(to: Record<string, string>, lines: readonly string[], forward: readonly string[]): void {
  const wanted = new Set(forward.filter(isForwardable));
  for (const name of connectionNames(lines)) wanted.delete(name);
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const name = (lines[i] ?? "").toLowerCase();
    const value = (lines[i + 1] ?? "").trim();
    if (!wanted.has(name)) continue;
    const before = Object.hasOwn(to, name) ? to[name] : undefined;
    to[name] = before === undefined ? value : `${before}, ${value}`;
  }
}

function connectionNames(lines: readonly string[]): string[] {
  const names: string[] = [];
  for (let i = 0; i + 1 < lines.length; i += 2) {
    if (lines[i]?.toLowerCase() !== "connection") continue;
    names.push(...(lines[i + 1] ?? "").split(",").map((name) => name.trim().toLowerCase()));
  }
  return names;
}

/** The client's `Accept` when it names the two types of the protocol and nothing else. */
function acceptOf(accept: string | null): string {
  if (accept === null || accept === acceptAll) return acceptAll;
  const types = accept.split(",").map((type) => type.split(";")[0]?.trim().toLowerCase() ?? "");
  return types.every((type) => type === "application/json" || type === "text/event-stream") ? accept : acceptAll;
}

/** The media type of an answer when it is one of the two that are relayed, otherwise null. */
export function relayedType(contentType: string | null): "json" | "sse" | null {
  const type = contentType?.split(";")[0]?.trim().toLowerCase();
  if (type === "application/json") return "json";
  return type === "text/event-stream" ? "sse" : null;
}

/** The upstream's answer headers that a client gets to see. */
export function toClient(upstream: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const lines: Record<string, string> = {};
  for (const name of ["mcp-session-id", "retry-after", "allow"] as const) {
    const value = upstream[name];
    if (typeof value === "string") lines[name] = value;
  }
  return lines;
}
