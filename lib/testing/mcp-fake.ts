import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How the fake behaves; change it between requests. */
export interface FakeMode {
  /** Pages of `tools/list`, each a JSON text of its tools. */
  pages: string[];
  /** Answers as an event stream. */
  sse: boolean;
  /** `modern` refuses `initialize` as a 2026-07-28 server does. */
  era: "legacy" | "modern";
  /** Page (from 1) that fails, as `failAs` says. */
  failPage: number | null;
  /** HTTP 500, a JSON-RPC error, an event stream that ends without an answer, or a connection cut half-way. */
  failAs: "status" | "error" | "silence" | "cut";
  /** Status instead of any answer. */
  status: number | null;
  /** Bytes of padding in front of a JSON answer. */
  paddingBytes: number;
  redirectTo: string | null;
}

export interface McpFake {
  url: string;
  mode: FakeMode;
  /** Every request that arrived. */
  seen: { method: string; rpc: string | null; headers: IncomingMessage["headers"] }[];
  close(): Promise<void>;
}

interface Rpc {
  id?: number;
  method?: string;
  params?: { cursor?: string; _meta?: Record<string, unknown> };
}

/** A scripted upstream MCP server on loopback: sessions, pages, both eras, JSON and event streams, and ways to fail. */
export async function startMcpFake(mode: Partial<FakeMode> = {}): Promise<McpFake> {
  const fake: McpFake = {
    url: "",
    seen: [],
    mode: {
      pages: [`[{"name":"ping","description":"Pings","inputSchema":{"type":"object"}}]`],
      sse: false,
      era: "legacy",
      failPage: null,
      failAs: "status",
      status: null,
      paddingBytes: 0,
      redirectTo: null,
      ...mode,
    },
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
  const server = createServer((request, response) => void answer(fake, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  fake.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  return fake;
}

async function answer(fake: McpFake, request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  const rpc = (text === "" ? {} : JSON.parse(text)) as Rpc;
  fake.seen.push({ method: request.method ?? "", rpc: rpc.method ?? null, headers: request.headers });
  const { mode } = fake;
  if (mode.redirectTo !== null) response.writeHead(307, { location: mode.redirectTo }).end();
  else if (mode.status !== null) response.writeHead(mode.status).end();
  else if (request.method !== "POST") response.writeHead(405).end();
  else if (rpc.id === undefined) response.writeHead(202).end();
  else reply(fake, rpc, request, response);
}

function reply(fake: McpFake, rpc: Rpc, request: IncomingMessage, response: ServerResponse): void {
  const { mode } = fake;
  const send = (body: string, status = 200, headers: Record<string, string> = {}) => {
    const message = `{"jsonrpc":"2.0","id":${String(rpc.id)},${body}}`;
    if (mode.sse && status === 200) {
      response.writeHead(200, { "content-type": "text/event-stream", ...headers });
      response.write(`: hello\n\nid: 1\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{}}\n\n`);
      response.end(`event: message\r\ndata: ${message}\r\n\r\n`);
    } else {
      response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
      response.end(" ".repeat(mode.paddingBytes) + message);
    }
  };
  const modern = rpc.params?._meta?.["io.modelcontextprotocol/protocolVersion"] === "2026-07-28";
  if (mode.era === "modern" && !modern) {
    send(`"error":{"code":-32022,"message":"unsupported version","data":{"supported":["2026-07-28"]}}`, 400);
  } else if (rpc.method === "initialize") {
    const result = `{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"fake","version":"1"}}`;
    send(`"result":${result}`, 200, { "mcp-session-id": "session-1" });
  } else if (mode.era === "legacy" && request.headers["mcp-session-id"] !== "session-1") {
    send(`"error":{"code":-32000,"message":"no session"}`, 400);
  } else if (rpc.method === "tools/list") {
    sendPage(mode, Number(rpc.params?.cursor ?? "1"), send, response);
  } else send(`"error":{"code":-32601,"message":"Method not found"}`);
}

function sendPage(mode: FakeMode, page: number, send: (body: string) => void, response: ServerResponse): void {
  if (page === mode.failPage) {
    failPage(mode, send, response);
    return;
  }
  const next = page < mode.pages.length ? `,"nextCursor":"${String(page + 1)}"` : "";
  send(`"result":{"tools":${mode.pages[page - 1] ?? "[]"}${next}}`);
}

function failPage({ failAs }: FakeMode, send: (body: string) => void, response: ServerResponse): void {
  if (failAs === "status") response.writeHead(500).end("boom");
  else if (failAs === "error") send(`"error":{"code":-32603,"message":"boom"}`);
  else if (failAs === "silence") response.writeHead(200, { "content-type": "text/event-stream" }).end(": bye\n\n");
  else {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write(`{"jsonrpc":"2.0","id":`, () => response.destroy());
  }
}
