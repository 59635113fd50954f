import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { pool } from "@/lib/db/db.server";
import { env } from "@/lib/env/env.server";
import { revokeGrant } from "@/lib/grants/grants.server";
import type { Ctx } from "@/lib/kernel/ctx";

/** `legacy`: the 2025 handshake. `auto`: negotiates, and speaks 2026-07-28 with a server that offers it. */
export type AgentMode = "legacy" | "auto";

interface Grant {
  grantId: string;
  serverId: string;
  token: string;
}

/** An agent of the outside world: the official MCP client with a grant token and the printed URL. */
export class Agent {
  client: Client;
  readonly #ctx: Ctx;
  readonly #mode: AgentMode;
  readonly #headers: Record<string, string>;
  readonly #grant: Grant;
  #base = "";

  constructor(ctx: Ctx, mode: AgentMode, headers: Record<string, string>, grant: Grant) {
    this.#ctx = ctx;
    this.#mode = mode;
    this.#headers = { ...headers, Authorization: `Bearer ${grant.token}` };
    this.#grant = grant;
    this.client = this.#newClient();
  }

  /** A new connection with the same token, to this process's gateway or another's. */
  async reconnect(base = env().publicUrl): Promise<this> {
    this.#base = base;
    await this.client.close();
    this.client = this.#newClient();
    const requestInit = { headers: this.#headers };
    await this.client.connect(new StreamableHTTPClientTransport(this.#url(), { requestInit }));
    return this;
  }

  /** What a counter of this agent's stands at, all windows together, as the database has it. */
  async used(counter: string): Promise<string> {
    const sql = `SELECT trim_scale(coalesce(sum(used), 0))::text AS used FROM counter WHERE grant_id = $1 AND name LIKE '%' || $2`;
    const { rows } = await pool().query<{ used: string }>(sql, [this.#grant.grantId, counter]);
    return rows[0]?.used ?? "0";
  }

  async revoke(): Promise<void> {
    await revokeGrant(this.#ctx, this.#grant.grantId);
  }

  /** A tool call whose arguments are exactly this JSON text. */
  async postCall(tool: string, rawArgs: string): Promise<Response> {
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${tool}","arguments":${rawArgs}}}`;
    const headers = {
      ...this.#headers,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    };
    const response = await fetch(this.#url(), { method: "POST", headers, body });
    await response.text();
    return response;
  }

  #url(): URL {
    return new URL(`${this.#base}/mcp/${this.#grant.serverId}`);
  }

  #newClient(): Client {
    return new Client({ name: "journey", version: "1" }, { versionNegotiation: { mode: this.#mode } });
  }
}

export function chargeOf(amount: number, currency = "usd") {
  return { name: "create_charge", arguments: { amount, currency } };
}

/** The text of the first content item of a tool result. */
export function textOf(result: unknown): string {
  const [first] = (result as { content?: { text?: string }[] }).content ?? [];
  return first?.text ?? "";
}

interface Part {
  decision: string;
  rule: string;
  reason: string;
  retryAfterMs?: number;
  outcome?: string;
  mayHaveRun?: boolean;
}

/** What the gateway adds for machines to results of its own making. */
export function denialOf(result: unknown): Part | undefined {
  const { _meta } = result as { _meta?: Record<string, Part> };
  return _meta?.["policylayer/decision"];
}
