import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  localhostHostValidation,
  localhostOriginValidation,
  NodeStreamableHTTPServerTransport,
  toNodeHandler,
  toWebRequest,
  type NodeIncomingMessageLike,
} from "@modelcontextprotocol/node";
import {
  createMcpHandler,
  isLegacyRequest,
  McpServer,
  type EventStore,
  type JSONRPCMessage,
  type McpHttpHandler,
} from "@modelcontextprotocol/server";
import { addAskingTools } from "./everything-asks";
import { addPrompts, addResources } from "./everything-content";
import { addRoundTools, stateCodec } from "./everything-rounds";
import { addTaskTools, runTasks, TaskBook, tasksExtension } from "./everything-tasks";
import { addPlainTools, textResult } from "./everything-tools";

export interface EverythingServer {
  /** The MCP endpoint, on a free port of loopback. */
  url: string;
  close(): Promise<void>;
}

/** One running server: its sessions of the revisions with sessions, and the handler of the one without. */
interface Site {
  sessions: Map<string, NodeStreamableHTTPServerTransport>;
  tasks: TaskBook;
  modern: McpHttpHandler;
}

/**
 * A server that has every tool, resource, prompt and behaviour that the official conformance suite asks for, in both eras: sessions
 * with event streams that can be resumed (2025-03-26 to 2025-11-25), and 2026-07-28 without a session. Refuses a Host or Origin
 * that is not loopback.
 */
export async function startEverything(): Promise<EverythingServer> {
  const site: Site = {
    sessions: new Map(),
    tasks: new TaskBook(),
    modern: createMcpHandler(() => buildServer(site, { isModern: true }), { legacy: "reject" }),
  };
  const [isHostOk, isOriginOk] = [localhostHostValidation(), localhostOriginValidation()];
  const answerModern = toNodeHandler(site.modern);
  const server = createServer((incoming, outgoing) => {
    if (!isHostOk(incoming, outgoing) || !isOriginOk(incoming, outgoing)) return;
    void answer(site, answerModern, incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/mcp`,
    async close() {
      await site.modern.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(
  site: Site,
  answerModern: ReturnType<typeof toNodeHandler>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = incoming.method === "POST" ? await readBody(incoming) : undefined;
  const parsed = body === undefined ? undefined : parse(body);
  const like = incoming as NodeIncomingMessageLike;
  if (await isLegacyRequest(await toWebRequest(like, parsed))) await answerLegacy(site, incoming, outgoing, parsed);
  else await answerModern(like, outgoing, parsed);
}

async function answerLegacy(
  site: Site,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: unknown,
): Promise<void> {
  const { sessions } = site;
  const id = incoming.headers["mcp-session-id"];
  const known = typeof id === "string" ? sessions.get(id) : undefined;
  if (known) return known.handleRequest(incoming, outgoing, body);
  if (id !== undefined) return refuse(outgoing, 404, -32001, "Session not found");
  if ((body as { method?: string } | undefined)?.method !== "initialize")
    return refuse(outgoing, 400, -32000, "Bad Request: Mcp-Session-Id header is required");
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: openEventStore(),
    retryInterval: 500,
    onsessioninitialized: (session) => void sessions.set(session, transport),
    onsessionclosed: (session) => void sessions.delete(session),
  });
  await buildServer(site, { isModern: false }).connect(transport);
  await transport.handleRequest(incoming, outgoing, body);
}

function buildServer(site: Site, { isModern }: { isModern: boolean }): McpServer {
  const server = new McpServer(
    { name: "everything", version: "1.0.0" },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
        logging: {},
        completions: {},
        ...(isModern ? { extensions: { [tasksExtension]: {} } } : {}),
      },
      cacheHints: {
        "tools/list": { ttlMs: 60_000, cacheScope: "public" },
        "resources/list": { ttlMs: 60_000, cacheScope: "public" },
        "resources/read": { ttlMs: 60_000, cacheScope: "public" },
        "server/discover": { ttlMs: 60_000, cacheScope: "public" },
      },
      requestState: { verify: (state, ctx) => stateCodec.verify(state, ctx) },
    },
  );
  addPlainTools(server);
  addAskingTools(server);
  addRoundTools(server);
  server.registerTool("test_trigger_tool_change", { description: "Says that the tools changed" }, () => {
    site.modern.notify.toolsChanged();
    return textResult("said");
  });
  server.registerTool("test_trigger_prompt_change", { description: "Says that the prompts changed" }, () => {
    site.modern.notify.promptsChanged();
    return textResult("said");
  });
  addTaskTools(server);
  if (isModern) runTasks(server, site.tasks);
  addResources(server);
  addPrompts(server);
  for (const method of ["resources/subscribe", "resources/unsubscribe"] as const)
    server.server.setRequestHandler(method, () => ({}));
  return server;
}

/** Keeps the events of one session in order, so that a stream can be resumed after any of them. */
function openEventStore(): EventStore {
  const events: { id: string; stream: string; message: JSONRPCMessage }[] = [];
  return {
    async storeEvent(stream, message) {
      const id = `${stream}_${String(events.length)}`;
      events.push({ id, stream, message });
      return id;
    },
    async getStreamIdForEventId(id) {
      return events.find((event) => event.id === id)?.stream;
    },
    async replayEventsAfter(last, { send }) {
      const from = events.findIndex((event) => event.id === last);
      const stream = events[from]?.stream ?? "";
      // The priming event is kept with an empty message; it carries nothing to send again.
      const missed = events.slice(from + 1).filter((event) => event.stream === stream && "jsonrpc" in event.message);
      for (const event of missed) await send(event.id, event.message);
      return stream;
    },
  };
}

function refuse(outgoing: ServerResponse, status: number, code: number, message: string): void {
  outgoing.writeHead(status, { "content-type": "application/json" });
  outgoing.end(JSON.stringify({ jsonrpc: "2.0", error: { code, message }, id: null }));
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  let text = "";
  incoming.setEncoding("utf8");
  for await (const chunk of incoming) text += String(chunk);
  return text;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
