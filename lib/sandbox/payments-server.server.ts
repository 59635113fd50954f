import "server-only";
import { AsyncLocalStorage } from "node:async_hooks";
import { setMaxListeners } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import {
  hostHeaderValidation,
  originValidation,
  toNodeHandler,
  type NodeIncomingMessageLike,
} from "@modelcontextprotocol/node";
import { prettifyError, ZodError } from "zod";
import { readJson } from "@/lib/kernel/json";
import { PaymentsBook } from "./payments-book";
import { PaymentsLedger } from "./payments-ledger";
import { paymentsMcp, type CallInFlight } from "./payments-mcp.server";
import { PaymentsSwitches, type ControlInput } from "./payments-switches";

/** The credential that the payments server demands; the gateway injects it, agents never see it. It guards nothing but demo data. */
export const demoKey = { name: "X-Demo-Key", value: "demo-payments-key" } as const;

const bodyBytesMax = 4 * 1024 * 1024;
const loopbackNames = ["localhost", "127.0.0.1", "[::1]"];

export interface PaymentsServer {
  /** The MCP endpoint, `http://<host>:<port>/mcp`. */
  url: string;
  port: number;
  ledger: PaymentsLedger;
  /** Sets how calls behave from now on; throws a ZodError on bad input. */
  control: (input: ControlInput) => void;
  /** Cuts open connections and stops listening. */
  close: () => Promise<void>;
}

interface Site {
  book: PaymentsBook;
  ledger: PaymentsLedger;
  switches: PaymentsSwitches;
  stopped: AbortController;
  mcp: (request: Request, call: CallInFlight | null) => Promise<Response>;
}

/**
 * Starts the demo payments server; port 0 takes a free one. Rejects with the listen error (EADDRINUSE).
 * `/mcp` demands the demo key; `GET /ledger`, `POST /ledger/reset` and `POST /control` answer loopback only.
 */
export async function startPaymentsServer(options: { host: string; port: number }): Promise<PaymentsServer> {
  const site = openSite();
  const server = createServer((req, res) => {
    void answer(site, req, res).catch(() => res.destroy());
  });
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${String(port)}/mcp`,
    port,
    ledger: site.ledger,
    control: (input) => site.switches.control(input),
    close: async () => {
      site.stopped.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function openSite(): Site {
  const inFlight = new AsyncLocalStorage<CallInFlight>();
  const handler = paymentsMcp(
    () => site.book,
    () => inFlight.getStore(),
  );
  const site: Site = {
    book: new PaymentsBook(),
    ledger: new PaymentsLedger(),
    switches: new PaymentsSwitches(),
    stopped: new AbortController(),
    mcp: (request, call) => (call ? inFlight.run(call, () => handler.fetch(request)) : handler.fetch(request)),
  };
  setMaxListeners(0, site.stopped.signal);
  site.stopped.signal.addEventListener("abort", () => void handler.close());
  return site;
}

function listen(server: Server, options: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function answer(site: Site, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const path = (req.url ?? "/").split("?")[0];
  if (path === "/mcp") {
    if (req.headers["x-demo-key"] !== demoKey.value)
      return sendJson(res, 401, { error: `${demoKey.name} is missing or wrong` });
    const serve = (request: Request) => serveMcp(site, request, req);
    return toNodeHandler({ fetch: serve }, { maxRequestBodySize: bodyBytesMax })(req as NodeIncomingMessageLike, res);
  }
  if (!isLocal(req, res)) return undefined;
  return operate(site, `${req.method ?? ""} ${path ?? ""}`, req, res);
}

/** Loopback peer, loopback Host and no foreign Origin: neither the network nor a web page works the switches. */
function isLocal(req: IncomingMessage, res: ServerResponse): boolean {
  const address = req.socket.remoteAddress ?? "";
  if (/^(::ffff:)?127\.|^::1$/.test(address)) {
    return hostHeaderValidation(loopbackNames)(req, res) && originValidation([])(req, res);
  }
  sendJson(res, 403, { error: "Loopback only" });
  return false;
}

async function operate(site: Site, route: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (route === "GET /ledger") return send(res, 200, site.ledger.toJson());
  if (route === "POST /ledger/reset") {
    site.ledger.reset();
    site.book = new PaymentsBook();
    return sendJson(res, 200, { ok: true });
  }
  if (route !== "POST /control") return sendJson(res, 404, { error: "Not found" });
  try {
    site.switches.control(JSON.parse(await readText(req)));
    return sendJson(res, 200, { ok: true });
  } catch (error) {
    return sendJson(res, 400, { error: error instanceof ZodError ? prettifyError(error) : "The body is not JSON" });
  }
}

async function serveMcp(site: Site, request: Request, req: IncomingMessage): Promise<Response> {
  const arrival = request.method === "POST" ? callIn(new Uint8Array(await request.clone().arrayBuffer())) : null;
  if (!arrival) return site.mcp(request, null);
  const headerNames = [...request.headers.keys()].sort();
  const settle = site.ledger.append({ ...arrival, at: new Date().toISOString(), headerNames });
  const { mode, delayMs, status } = site.switches.take(arrival.tool);
  if (mode === "fail") {
    settle("rejected");
    return Response.json({ error: "The payments provider rejected the request" }, { status });
  }
  if (mode === "hang") {
    settle("unanswered");
    await aborted(AbortSignal.any([site.stopped.signal, request.signal]));
  }
  if (mode === "reset") {
    settle("reset");
    req.socket.destroy();
  }
  if (mode === "hang" || mode === "reset") return new Response(null, { status: 500 });
  const response = await site.mcp(request, { mode, settle });
  if (mode !== "late" && mode !== "reset-after-commit") return response;
  const bytes = await response.arrayBuffer();
  if (mode === "late") await delay(delayMs, undefined, { signal: site.stopped.signal });
  else req.socket.destroy();
  return new Response(bytes, { status: response.status, headers: response.headers });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** The tool call in a body, or null for every other message. The arguments' text is cut out of the bytes, never written anew. */
function callIn(bytes: Uint8Array): { tool: string; args: unknown; rawArgs: string } | null {
  const text = new TextDecoder().decode(bytes);
  const message = parsed(text);
  if (message?.method !== "tools/call" || typeof message.params?.name !== "string") return null;
  const read = readJson(bytes);
  const span = read.ok ? read.spans.params.get("arguments") : undefined;
  const absent = message.params.arguments === undefined ? "{}" : JSON.stringify(text);
  const rawArgs = span ? new TextDecoder().decode(bytes.subarray(span.start, span.end)) : absent;
  return { tool: message.params.name, args: message.params.arguments ?? {}, rawArgs };
}

function parsed(text: string): { method?: unknown; params?: { name?: unknown; arguments?: unknown } } | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}

async function readText(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > 16_384) throw new Error("Body too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function sendJson(res: ServerResponse, status: number, body: unknown): void {
  send(res, status, JSON.stringify(body));
}

function send(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" }).end(text);
}
