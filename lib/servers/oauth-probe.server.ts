import "server-only";
import { egressRequest } from "@/lib/http/egress.server";
import { toStop } from "./oauth-fetch.server";
import { parseBearerChallenge, type BearerChallenge } from "./oauth-challenge";
import type { Upstream } from "./lookup.server";

const wholeMs = 10_000;
const legacyVersion = "2025-11-25";
const modernVersion = "2026-07-28";
const clientInfo = { name: "policylayer", version: "1" };

interface Said {
  status: number;
  challenge: string | null;
  sessionId: string | null;
}

/**
 * What the upstream says to somebody without a credential: its `Bearer` challenge at the handshake or, when that is open to all, at the
 * tool list, in either era. Null when it challenges neither. Throws OauthStop when it cannot be reached.
 */
export async function askChallenge(upstream: Upstream): Promise<BearerChallenge | null> {
  const signal = AbortSignal.timeout(wholeMs);
  try {
    if (upstream.transport === "sse") return challengeOf(await say(upstream, "GET", null, {}, signal));
    const params = { protocolVersion: legacyVersion, capabilities: {}, clientInfo };
    const hello = await say(upstream, "POST", rpc(1, "initialize", params), {}, signal);
    if (hello.status === 401) return challengeOf(hello);
    const isLegacy = hello.status === 200;
    const listed = await (isLegacy ? listLegacy(upstream, hello, signal) : listModern(upstream, signal));
    if (hello.sessionId !== null) void endProbe(upstream, hello.sessionId);
    return listed.status === 401 ? challengeOf(listed) : null;
  } catch (error) {
    throw toStop(error);
  }
}

function listLegacy(upstream: Upstream, hello: Said, signal: AbortSignal): Promise<Said> {
  const session = hello.sessionId === null ? {} : { "mcp-session-id": hello.sessionId };
  const headers = { "mcp-protocol-version": legacyVersion, ...session };
  return say(upstream, "POST", rpc(2, "tools/list", {}), headers, signal);
}

function listModern(upstream: Upstream, signal: AbortSignal): Promise<Said> {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": modernVersion,
    "io.modelcontextprotocol/clientInfo": clientInfo,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const headers = { "mcp-protocol-version": modernVersion, "mcp-method": "tools/list" };
  return say(upstream, "POST", rpc(2, "tools/list", { _meta }), headers, signal);
}

/** The session was begun for one question; what the upstream says to its end does not matter. */
async function endProbe(upstream: Upstream, sessionId: string): Promise<void> {
  await say(upstream, "DELETE", null, { "mcp-session-id": sessionId }, AbortSignal.timeout(2000)).catch(() => null);
}

function rpc(id: number, method: string, params: object): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

function challengeOf({ status, challenge }: Said): BearerChallenge | null {
  return status === 401 ? parseBearerChallenge(challenge) : null;
}

async function say(
  upstream: Upstream,
  method: "GET" | "POST" | "DELETE",
  body: string | null,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<Said> {
  const answer = await egressRequest({
    url: upstream.url,
    method,
    headers: {
      ...(body === null ? {} : { "content-type": "application/json" }),
      accept: "application/json, text/event-stream",
      "accept-encoding": "identity",
      "user-agent": "policylayer",
      ...headers,
    },
    body,
    allowPrivateNetwork: upstream.allowPrivateNetwork,
    partition: `oauth ${upstream.id}`,
    caPem: upstream.caPem,
    signal,
    headersTimeoutMs: wholeMs,
    bodyTimeoutMs: wholeMs,
  });
  answer.body.on("error", () => undefined).destroy();
  const textOf = (value: string | string[] | undefined) => (Array.isArray(value) ? value.join(", ") : (value ?? null));
  return {
    status: answer.statusCode,
    challenge: textOf(answer.headers["www-authenticate"]),
    sessionId: textOf(answer.headers["mcp-session-id"]),
  };
}
