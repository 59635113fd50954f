import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import {
  CallToolRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  ListToolsRequestSchema,
  type CallToolResult,
} from "@modelcontextprotocol/sdk/types.js";

export interface SseUpstream {
  url: string;
  /** Names of the tools that were run, in order. */
  readonly ran: string[];
  /** Requests that arrived, oldest first. */
  readonly seen: { method: string; path: string; headers: IncomingMessage["headers"] }[];
  /** Open event streams. */
  readonly sessions: Map<string, SSEServerTransport>;
  /** What the `endpoint` event names instead of the server's own address. */
  endpoint: string | null;
  /** Answers every request with this status. */
  status: number | null;
  /** A notification that belongs to no request, to every session. */
  announce(method: string): Promise<void>;
  /** Cuts all event streams. */
  cut(): void;
  close(): Promise<void>;
}

export const sseTools = ["add", "progress", "log", "sample", "elicit", "hang", "delete_customer"] as const;

/** A server of the transport of 2024-11-05 (HTTP+SSE) on loopback, by the official SDK. */
export async function startSseUpstream(): Promise<SseUpstream> {
  const upstream: SseUpstream = {
    url: "",
    ran: [],
    seen: [],
    sessions: new Map(),
    endpoint: null,
    status: null,
    async announce(method) {
      for (const transport of upstream.sessions.values()) await transport.send({ jsonrpc: "2.0", method });
    },
    cut: () => {
      server.closeAllConnections();
    },
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
  const server = createServer((request, response) => void answer(upstream, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  upstream.url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/v1/sse`;
  return upstream;
}

async function answer(upstream: SseUpstream, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  upstream.seen.push({ method: request.method ?? "", path: url.pathname, headers: request.headers });
  if (upstream.status !== null) response.writeHead(upstream.status).end();
  else if (request.method === "GET" && upstream.endpoint !== null) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`event: endpoint\ndata: ${upstream.endpoint}\n\n`);
  } else if (request.method === "GET") {
    const transport = new SSEServerTransport("/v1/messages", response);
    upstream.sessions.set(transport.sessionId, transport);
    response.on("close", () => upstream.sessions.delete(transport.sessionId));
    await buildServer(upstream).connect(transport);
  } else {
    const transport = upstream.sessions.get(url.searchParams.get("sessionId") ?? "");
    if (transport) await transport.handlePostMessage(request, response);
    else response.writeHead(404).end("no session");
  }
}

function buildServer(upstream: SseUpstream): Server {
  const server = new Server(
    { name: "old", version: "1" },
    { capabilities: { tools: { listChanged: true }, logging: {} } },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: sseTools.map((name) => ({ name, description: name, inputSchema: { type: "object" as const } })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra): Promise<CallToolResult> => {
    upstream.ran.push(params.name);
    const progressToken = params._meta?.progressToken;
    const said = (text: string): CallToolResult => ({ content: [{ type: "text", text }] });
    switch (params.name) {
      case "progress":
        for (const progress of [1, 2, 3]) {
          if (progressToken === undefined) break;
          await extra.sendNotification({
            method: "notifications/progress",
            params: { progressToken, progress, total: 3 },
          });
        }
        return said("done");
      case "log":
        await extra.sendNotification({ method: "notifications/message", params: { level: "info", data: "hello" } });
        return said("logged");
      case "sample": {
        const content = { type: "text" as const, text: "say something" };
        const sampling = { messages: [{ role: "user" as const, content }], maxTokens: 10 };
        const result = await extra.sendRequest(
          { method: "sampling/createMessage", params: sampling },
          CreateMessageResultSchema,
        );
        return said(`model ${result.model}`);
      }
      case "elicit": {
        const requestedSchema = { type: "object" as const, properties: { colour: { type: "string" as const } } };
        const result = await extra.sendRequest(
          { method: "elicitation/create", params: { message: "Which colour?", requestedSchema } },
          ElicitResultSchema,
        );
        return said(`${result.action} ${JSON.stringify(result.content ?? {})}`);
      }
      case "hang":
        await new Promise<void>((resolve) => {
          extra.signal.addEventListener("abort", () => resolve());
        });
        upstream.ran.push("hang cancelled");
        return said("cancelled");
      default:
        return said(`${params.name} ${JSON.stringify(params.arguments ?? {})}`);
    }
  });
  return server;
}
