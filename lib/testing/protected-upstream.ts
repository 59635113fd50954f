import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { closeServer, type IssuerFake } from "./authorization-server";

/** What a scripted MCP server behind an authorisation server does; changed between requests. */
export interface ProtectedMode {
  /** Members put over its resource metadata; undefined takes one away. */
  metadata: Record<string, unknown>;
  /** Whether the 401 names the metadata, and the scopes that it names. */
  names: boolean;
  scope: string | null;
  /** Scope that `tools/call` needs; a token without it gets a 403. */
  callScope: string | null;
  /** Refuses every token. */
  refuses: boolean;
}

export interface ProtectedUpstream {
  url: string;
  mode: ProtectedMode;
  /** `Authorization` of each request, in order; null where there was none. */
  seen: (string | null)[];
  /** Tools that ran, with the token that they ran under. */
  executed: { tool: string; authorization: string | null }[];
  close(): Promise<void>;
}

const openly = (): ProtectedMode => ({ metadata: {}, names: true, scope: null, callScope: null, refuses: false });

interface Message {
  id?: unknown;
  method?: string;
  params?: { name?: string };
}

/** A scripted MCP server on loopback that takes only access tokens of `issuer`. */
export async function startProtectedUpstream(
  issuer: Pick<IssuerFake, "origin" | "access">,
  mode: Partial<ProtectedMode> = {},
): Promise<ProtectedUpstream> {
  const server = createServer((incoming, outgoing) => void take(upstream, issuer, incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const upstream: ProtectedUpstream = {
    url: `${origin}/mcp`,
    mode: { ...openly(), ...mode },
    seen: [],
    executed: [],
    close: () => closeServer(server),
  };
  return upstream;
}

type Issuer = Pick<IssuerFake, "origin" | "access">;

async function take(
  upstream: ProtectedUpstream,
  issuer: Issuer,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part);
  if (incoming.url === "/.well-known/oauth-protected-resource/mcp") {
    const metadata = { resource: upstream.url, authorization_servers: [issuer.origin], ...upstream.mode.metadata };
    return send(outgoing, 200, metadata);
  }
  if (incoming.url !== "/mcp") return void outgoing.writeHead(404).end();
  const authorization = incoming.headers.authorization ?? null;
  upstream.seen.push(authorization);
  const scopes = issuer.access.get(authorization?.replace(/^Bearer /, "") ?? "");
  if (scopes === undefined || upstream.mode.refuses) return challenge(upstream, outgoing);
  const message = JSON.parse(Buffer.concat(parts).toString("utf8") || "{}") as Message;
  answer(upstream, message, authorization, scopes.split(" "), outgoing);
}

function challenge({ url, mode }: ProtectedUpstream, outgoing: ServerResponse): void {
  const at = `${new URL(url).origin}/.well-known/oauth-protected-resource/mcp`;
  const params = [
    ...(mode.names ? [`resource_metadata="${at}"`] : []),
    ...(mode.scope === null ? [] : [`scope="${mode.scope}"`]),
    'error="invalid_token"',
  ];
  outgoing.writeHead(401, { "WWW-Authenticate": `Bearer ${params.join(", ")}` }).end();
}

function answer(
  upstream: ProtectedUpstream,
  message: Message,
  authorization: string | null,
  scopes: readonly string[],
  outgoing: ServerResponse,
): void {
  const { callScope } = upstream.mode;
  if (message.id === undefined) return void outgoing.writeHead(202).end();
  if (message.method === "tools/call" && callScope !== null && !scopes.includes(callScope)) {
    const params = `Bearer error="insufficient_scope", scope="${callScope}"`;
    return void outgoing.writeHead(403, { "WWW-Authenticate": params }).end();
  }
  if (message.method === "tools/call") upstream.executed.push({ tool: message.params?.name ?? "", authorization });
  const results: Record<string, unknown> = {
    initialize: {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "protected", version: "1" },
    },
    "tools/list": { tools: [{ name: "ping", description: "ping", inputSchema: { type: "object" } }] },
    "tools/call": { content: [{ type: "text", text: "done" }] },
  };
  send(outgoing, 200, { jsonrpc: "2.0", id: message.id, result: results[message.method ?? ""] ?? {} });
}

function send(outgoing: ServerResponse, status: number, body: unknown): void {
  outgoing.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
