import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, constants, deflateSync, gzipSync } from "node:zlib";

/** What the upstream does with the next `tools/call`. */
export type Mode =
  | "ok"
  | "hang"
  | "slow"
  | "stall"
  | "500"
  | "reset-before"
  | "reset-after"
  | "reset-after-commit"
  | "flood"
  | "bomb"
  | "endless-json"
  | "endless-event"
  | "trickle"
  | "sse-echo"
  | "redirect"
  | "mutate"
  | "large"
  | "echo-headers"
  | "echo-args"
  | "is-error"
  | "rpc-error"
  | "sse"
  | "sse-cut"
  | "sse-poll"
  | "sse-foreign"
  | "wrong-id"
  | "garbage"
  | "hostile-headers"
  | "status";

/** One request as it arrived, before anything was done with it. */
export interface Received {
  method: string;
  rawHeaders: string[];
  headers: IncomingMessage["headers"];
  body: Buffer;
}

/** One tool call that was really executed: the truth that tests count. */
export interface Executed {
  id: number | string | null;
  tool: string;
  args: unknown;
  body: string;
}

export interface ScriptedUpstream {
  url: string;
  /** What every call does for which `plan` names nothing. */
  mode: Mode;
  /** What the next calls do, one entry each in order of arrival. */
  plan: Mode[];
  /** Members that mode `mutate` puts over each listed tool's definition. */
  mutation: Record<string, unknown>;
  /** The result of every method that is neither a tool's nor the life cycle's, as JSON; null = `{}`. */
  otherResult: string | null;
  /** Modes hold for `resources/read` too. */
  isWide: boolean;
  /** Answers to other requests than calls come as an event stream. */
  isStreaming: boolean;
  /** HTTP status of mode `status`, error code of mode `rpc-error`, delay of mode `slow`. */
  status: number;
  statusBody: string | null;
  statusHeaders: Record<string, string>;
  rpcCode: number;
  delayMs: number;
  /** Where mode `redirect` points. */
  location: string;
  /** The `tools/list` result as bytes; null = the default tools. */
  listResult: string | null;
  /** `Content-Encoding` of mode `bomb`; a list means that many layers. */
  encoding: string;
  /** Characters written by the endless modes, `flood` also to a GET. */
  flooded: number;
  received: Received[];
  executed: Executed[];
  /** Sends the waiting answer parts of modes `sse` and `hang`; `sse` sends progress first and waits for this. */
  release(): void;
  /** Ends what waits without an answer. */
  dropWaiting(): void;
  /** Writes to every open GET stream. */
  push(text: string): void;
  /** How many GET streams are open. */
  listeners(): number;
  reset(): void;
  close(): Promise<void>;
}

export const scriptedTools = ["create_charge", "create_refund", "list_customers", "delete_customer"] as const;

interface Message {
  id?: number | string;
  method?: string;
  params?: { name?: string; arguments?: unknown };
}

const json = { "Content-Type": "application/json" };
const sse = { "Content-Type": "text/event-stream" };

/** Starts a scripted MCP upstream on loopback. It answers `initialize`, lists, and calls by its mode. */
export async function startScriptedUpstream(): Promise<ScriptedUpstream> {
  const waiting = new Map<ServerResponse, () => void>();
  const listening = new Set<ServerResponse>();
  const initial = {
    mode: "ok" as Mode,
    mutation: {},
    otherResult: null,
    isWide: false,
    isStreaming: false,
    status: 400,
    statusBody: null,
    statusHeaders: {},
    rpcCode: -32603,
    delayMs: 50,
    location: "http://127.0.0.1:9/",
    listResult: null,
    encoding: "gzip",
    flooded: 0,
  };
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      if (incoming.method === "GET") listening.add(outgoing.once("close", () => listening.delete(outgoing)));
      take(upstream, incoming, outgoing, Buffer.concat(parts), (work) => waiting.set(outgoing, work));
    });
    incoming.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const upstream: ScriptedUpstream = {
    ...initial,
    plan: [],
    url: `http://127.0.0.1:${String(port)}/mcp`,
    received: [],
    executed: [],
    release() {
      for (const work of waiting.values()) work();
      waiting.clear();
    },
    dropWaiting() {
      for (const outgoing of waiting.keys()) outgoing.destroy();
      waiting.clear();
    },
    push(text) {
      for (const outgoing of listening) outgoing.write(text);
    },
    listeners: () => listening.size,
    reset() {
      Object.assign(upstream, initial);
      upstream.plan = [];
      upstream.received = [];
      upstream.executed = [];
      upstream.release();
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
  return upstream;
}

type Wait = (work: () => void) => void;

function take(
  upstream: ScriptedUpstream,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  body: Buffer,
  wait: Wait,
): void {
  const { method = "", rawHeaders, headers } = incoming;
  upstream.received.push({ method, rawHeaders, headers, body });
  if (method === "GET" && upstream.mode === "flood") return flood(upstream, outgoing);
  if (method === "GET") return void outgoing.writeHead(200, sse).write(": open\n\n");
  if (method === "DELETE") return void outgoing.writeHead(200).end();
  const message = JSON.parse(body.toString()) as Message;
  if (message.id === undefined) return void outgoing.writeHead(202).end();
  const answer = (result: unknown) => JSON.stringify({ jsonrpc: "2.0", id: message.id, result });
  const answerWith = (result: string) => {
    const text = `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":${result}}`;
    if (upstream.isStreaming) outgoing.writeHead(200, sse).end(`event: message\ndata: ${text}\n\n`);
    else outgoing.writeHead(200, json).end(text);
  };
  if (message.method === "tools/list") {
    const changed = upstream.mode === "mutate" ? upstream.mutation : {};
    const tools = scriptedTools.map((name) => ({ ...definitionOf(name), ...changed }));
    answerWith(upstream.listResult ?? JSON.stringify({ tools }));
  } else if (message.method === "tools/call" || (upstream.isWide && message.method === "resources/read")) {
    call(upstream, { message, headers }, body.toString(), outgoing, wait);
  } else if (message.method === "initialize") {
    const result = {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "s", version: "1" },
    };
    outgoing.writeHead(200, { ...json, "Mcp-Session-Id": "session-1" }).end(answer(result));
  } else answerWith(upstream.otherResult ?? "{}");
}

function definitionOf(name: string) {
  return { name, description: name, inputSchema: { type: "object" } };
}

function call(
  upstream: ScriptedUpstream,
  { message, headers }: { message: Message; headers: IncomingMessage["headers"] },
  body: string,
  outgoing: ServerResponse,
  wait: Wait,
): void {
  const { name = "", arguments: args = null } = message.params ?? {};
  const execute = () => {
    upstream.executed.push({ id: message.id ?? null, tool: name, args, body });
  };
  const result = (more: object = {}) =>
    JSON.stringify({ jsonrpc: "2.0", id: message.id, result: { content: [{ type: "text", text: "done" }], ...more } });
  const say = (text: string, headers: Record<string, string> = json, status = 200) =>
    outgoing.writeHead(status, headers).end(text);
  const error = (code: number) => JSON.stringify({ jsonrpc: "2.0", id: message.id, error: { code, message: "no" } });
  const modes: Record<Mode, () => void> = {
    ok: () => (execute(), say(result())),
    mutate: () => (execute(), say(result())),
    "is-error": () => (execute(), say(result({ isError: true }))),
    "rpc-error": () => (execute(), say(error(upstream.rpcCode))),
    "wrong-id": () => (execute(), say(result().replace(/"id":[^,]+/, '"id":"someone-else"'))),
    garbage: () => (execute(), say('{"jsonrpc":"2.0",')),
    "500": () => (execute(), say("secret stack trace", { "Content-Type": "text/html" }, 500)),
    status: () => {
      const { statusBody: text, statusHeaders: more, status } = upstream;
      say(text ?? "", text === null ? more : { ...json, ...more }, status);
    },
    redirect: () => say("", { Location: upstream.location }, 307),
    hang: () => (execute(), wait(() => say(result()))),
    slow: () => (execute(), setTimeout(() => say(result()), upstream.delayMs)),
    stall: () => (execute(), outgoing.writeHead(200, json).write('{"jsonrpc"')),
    "reset-before": () => outgoing.destroy(),
    "reset-after": () => (execute(), outgoing.writeHead(200, json).write("{"), setImmediate(() => outgoing.destroy())),
    "reset-after-commit": () => (execute(), outgoing.destroy()),
    flood: () => (execute(), flood(upstream, outgoing)),
    bomb: () => {
      execute();
      outgoing.writeHead(200, { ...json, "Content-Encoding": upstream.encoding }).end(bomb(upstream.encoding));
    },
    "endless-json": () => (execute(), pour(upstream, outgoing, { ...json, first: '{"jsonrpc":"2.0","x":"' })),
    "endless-event": () => (execute(), pour(upstream, outgoing, { ...sse, first: "data: {" })),
    trickle: () => (execute(), trickle(upstream, outgoing)),
    "sse-echo": () => (execute(), outgoing.writeHead(200, sse).end(echoed(message.id, headers))),
    large: () => (execute(), say(result({ structuredContent: { text: "x".repeat(300_000) } }))),
    "echo-headers": () => (execute(), say(result({ structuredContent: { headers } }))),
    "echo-args": () => (execute(), wait(() => say(result({ structuredContent: { args } })))),
    "hostile-headers": () => (execute(), say(result(), hostile)),
    sse: () => (execute(), stream(outgoing, message.id, result(), wait)),
    "sse-poll": () => (execute(), outgoing.writeHead(200, sse).end("id: e1\ndata:\n\n")),
    "sse-foreign": () => (execute(), outgoing.writeHead(200, sse).end(foreign(message.id, args, result()))),
    "sse-cut": () => (execute(), outgoing.writeHead(200, sse).end(progressOf(message.id))),
  };
  modes[upstream.plan.shift() ?? upstream.mode]();
}

/** Answers to requests of others in front of the own answer, which then comes twice, the second time in other words. */
function foreign(id: unknown, args: unknown, result: string): string {
  const others = Array.from({ length: 20 }, (_, other) => other).filter((other) => other !== id);
  const answers = [...others, "other", null].map((other) =>
    JSON.stringify({ jsonrpc: "2.0", id: other, result: { content: [], structuredContent: { foreign: args } } }),
  );
  const second = JSON.stringify({ jsonrpc: "2.0", id, result: { content: [], structuredContent: { second: args } } });
  return [...answers, result, second].map((data) => `event: message\ndata: ${data}\n\n`).join("");
}

const bombs = new Map<string, Buffer>();

/** 64 MiB of white space in a few kilobytes, packed once for each name in the list. */
function bomb(encoding: string): Buffer {
  const made = bombs.get(encoding) ?? encoding.split(",").reduce(pack, Buffer.alloc(64 * 1024 * 1024, 0x20));
  bombs.set(encoding, made);
  return made;
}

function pack(bytes: Buffer, encoding: string): Buffer {
  if (encoding.trim() === "gzip") return gzipSync(bytes);
  if (encoding.trim() === "deflate") return deflateSync(bytes);
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
}

const hostile = {
  ...json,
  "Set-Cookie": "session=stolen",
  "Content-Security-Policy": "default-src *",
  Location: "http://evil.example/",
  "X-Internal": "10.0.0.1",
  "WWW-Authenticate": 'Bearer resource_metadata="http://evil.example/"',
};

function progressOf(id: unknown): string {
  const params = { progressToken: id, progress: 1, message: "half way" };
  return `event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", method: "notifications/progress", params })}\n\n`;
}

/** The request's headers, repeated in an event's text, in an event's id and in the answer. */
function echoed(id: unknown, headers: IncomingMessage["headers"]): string {
  const message = JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { data: headers } });
  const result = JSON.stringify({ jsonrpc: "2.0", id, result: { content: [], structuredContent: { headers } } });
  return `id: ${String(headers.authorization)}\ndata: ${message}\n\nevent: message\ndata: ${result}\n\n`;
}

/** One byte of a JSON answer after another, `delayMs` apart, without end. */
function trickle(upstream: ScriptedUpstream, outgoing: ServerResponse): void {
  outgoing.writeHead(200, json).write("{");
  const timer = setInterval(() => outgoing.write(" "), upstream.delayMs);
  outgoing.once("close", () => {
    clearInterval(timer);
  });
}

function stream(outgoing: ServerResponse, id: unknown, result: string, wait: Wait): void {
  outgoing.writeHead(200, sse).write(progressOf(id));
  wait(() => outgoing.end(`event: message\ndata: ${result}\n\n`));
}

/** Events without end, as fast as they are taken. */
function flood(upstream: ScriptedUpstream, outgoing: ServerResponse): void {
  outgoing.writeHead(200, sse);
  pourBlocks(upstream, outgoing, progressOf("flood").repeat(100));
}

/** One value without end and without a line break. */
function pour(
  upstream: ScriptedUpstream,
  outgoing: ServerResponse,
  { first, ...headers }: { first: string; "Content-Type": string },
): void {
  outgoing.writeHead(200, headers).write(first);
  pourBlocks(upstream, outgoing, "x".repeat(16_384));
}

function pourBlocks(upstream: ScriptedUpstream, outgoing: ServerResponse, block: string): void {
  const more = () => {
    let goesOn = true;
    while (goesOn && !outgoing.destroyed) {
      upstream.flooded += block.length;
      goesOn = outgoing.write(block);
    }
    if (!outgoing.destroyed) outgoing.once("drain", more);
  };
  more();
}
