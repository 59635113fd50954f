import "server-only";
import { randomBytes, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { hostsOf, isOwnHost, isOwnOrigin, type HostSettings } from "@/lib/env/hosts";
import type { Peer } from "@/lib/gateway/gateway.server";
import { errorTable, type ErrorCode } from "@/lib/kernel/errors";
import { clientAddress } from "./client-address";
import { countHeader, pageHeaders, pagePolicy, replaceOwnHeaders } from "./headers";

/** Next's two handlers, once it is ready. */
export interface Pages {
  request: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;
  upgrade?: (incoming: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;
}

export interface ListenerOptions {
  handleMcp: (request: Request, peer: Peer) => Promise<Response>;
  /** Names what is not ready; empty = ready. */
  failing: () => Promise<readonly string[]>;
  dev: boolean;
  /** Proxies of our own in front; default 0. */
  proxyHops?: number;
  /** For tests; the defaults are those of docs/gateway.md, "Limits". */
  headersTimeoutMs?: number;
  bodyTimeoutMs?: number;
}

/** The two documents of OAuth toward clients; Next answers them, in JSON whatever they are asked for. */
const metadataPath =
  /^\/\.well-known\/(oauth-authorization-server\/?|oauth-protected-resource\/mcp\/[^/]+(\/[^/]+)?\/?)$/;

type Phase = { kind: "starting" | "stopping" } | Serving;

interface Serving {
  kind: "serving";
  pages: Pages;
  publicUrl: string;
  hosts: ReadonlySet<string>;
}

/**
 * The socket of the product: `/mcp/*` to the gateway, `/healthz` and `/readyz` here, everything else to Next. Owns header and
 * body timeouts, the host check of the console, and the content security policy. Never reads a body.
 */
export class Listener {
  readonly server: Server;
  /** Answers under way. */
  readonly open: ReadonlySet<ServerResponse>;
  readonly #open = new Set<ServerResponse>();
  readonly #options: ListenerOptions;
  readonly #mcp: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;
  #phase: Phase = { kind: "starting" };

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.open = this.#open;
    // Next lives in this process too: its Request and Response stay as they are.
    this.#mcp = getRequestListener((request, { incoming }) => this.#govern(request, incoming as IncomingMessage), {
      overrideGlobalObjects: false,
    });
    const timeouts = {
      headersTimeout: options.headersTimeoutMs ?? 10_000,
      requestTimeout: options.bodyTimeoutMs ?? 30_000,
      connectionsCheckingInterval: Math.min(1000, options.headersTimeoutMs ?? 1000),
      keepAliveTimeout: 65_000,
    };
    this.server = createServer({ ...timeouts, maxHeaderSize: 32_768 }, (incoming, outgoing) => {
      this.#open.add(outgoing);
      outgoing.once("close", () => this.#open.delete(outgoing));
      this.#route(incoming, outgoing);
    });
    this.server.on("upgrade", (incoming, socket, head) => {
      const pages = this.#phase.kind === "serving" ? this.#phase.pages : null;
      if (pages?.upgrade) void pages.upgrade(incoming, socket, head);
      else socket.destroy();
    });
  }

  /** Begins to answer with pages and calls; until then everything but `/healthz` is 503. */
  serve(pages: Pages, settings: HostSettings): void {
    this.#phase = { kind: "serving", pages, publicUrl: settings.publicUrl, hosts: hostsOf(settings) };
  }

  /** From now on 503 for new requests; those under way run on. */
  refuse(): void {
    this.#phase = { kind: "stopping" };
  }

  #route(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const phase = this.#phase;
    const target = incoming.url ?? "";
    const path = target.split("?", 1)[0] ?? "";
    if (path === "/healthz") return answer(outgoing, 200, { live: true });
    if (path === "/readyz") return void this.#answerReadiness(outgoing);
    if (phase.kind !== "serving") return unavailable(outgoing, phase.kind);
    if (!target.startsWith("/")) return refuse(outgoing, "invalid_input");
    if (path === "/mcp" || path.startsWith("/mcp/")) return void this.#mcp(incoming, outgoing);
    const problem = doorProblem(incoming, phase);
    if (problem) return refuse(outgoing, problem);
    // MCP clients probe these after a 401 and would read an HTML page as an answer.
    if (path.startsWith("/.well-known/") && !metadataPath.test(path)) return refuse(outgoing, "not_found");
    void servePage({ incoming, outgoing, address: this.#addressOf(incoming) }, phase, this.#options.dev);
  }

  #govern(request: Request, incoming: IncomingMessage): Promise<Response> {
    const peer = { rawHeaders: incoming.rawHeaders, address: this.#addressOf(incoming) };
    return this.#options.handleMcp(request, peer);
  }

  #addressOf(incoming: IncomingMessage): string | null {
    const claimed = incoming.headers["x-forwarded-for"];
    const header = Array.isArray(claimed) ? claimed.join(",") : claimed;
    return clientAddress(header, incoming.socket.remoteAddress ?? null, this.#options.proxyHops ?? 0);
  }

  async #answerReadiness(outgoing: ServerResponse): Promise<void> {
    const { kind } = this.#phase;
    const failing = kind === "serving" ? await this.#options.failing().catch(() => ["internal"]) : [kind];
    answer(outgoing, failing.length === 0 ? 200 : 503, { ready: failing.length === 0, failing });
  }
}

function doorProblem(incoming: IncomingMessage, serving: Serving): ErrorCode | null {
  const { host, origin } = incoming.headers;
  const isTwice = (name: string) => countHeader(incoming.rawHeaders, name) > 1;
  if (isTwice("host") || isTwice("origin")) return "duplicate_header";
  if (host === undefined || !isOwnHost(host, serving.hosts)) return "bad_origin";
  return isOwnOrigin(origin, host, serving.publicUrl) ? null : "bad_origin";
}

interface Asked {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
  /** The client's. */
  address: string | null;
}

async function servePage({ incoming, outgoing, address }: Asked, serving: Serving, dev: boolean): Promise<void> {
  const nonce = randomBytes(18).toString("base64");
  const policy = pagePolicy(nonce, dev);
  replaceOwnHeaders(incoming, { policy, nonce, address });
  const headers = pageHeaders(policy, serving.publicUrl.startsWith("https:"));
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
  try {
    await serving.pages.request(incoming, outgoing);
  } catch {
    if (outgoing.headersSent) outgoing.destroy();
    else refuse(outgoing, "internal");
  }
}

function unavailable(outgoing: ServerResponse, phase: "starting" | "stopping"): void {
  outgoing.setHeader("Retry-After", "2");
  outgoing.setHeader("Connection", "close");
  const { rpc } = errorTable.ledger_unavailable;
  const message = `PolicyLayer is ${phase}; nothing was forwarded`;
  answer(outgoing, 503, { jsonrpc: "2.0", id: null, error: { code: rpc, message } });
}

function refuse(outgoing: ServerResponse, code: ErrorCode): void {
  const { status, say } = errorTable[code];
  answer(outgoing, status, { error: { code, title: say, detail: say, status, requestId: randomUUID() } });
}

function answer(outgoing: ServerResponse, status: number, body: unknown): void {
  outgoing.writeHead(status, {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  outgoing.end(JSON.stringify(body));
}
