import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect } from "vitest";
import { systemCtx } from "@/lib/auth/auth.server";
import { closeDatabase, databaseNow, openDatabase, pool } from "@/lib/db/db.server";
import { env } from "@/lib/env/env.server";
import type { GatewayOptions } from "@/lib/gateway/gateway.server";
import { findGrantByToken, mintGrant } from "@/lib/grants/grants.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { ledger } from "@/lib/ledger/ledger.server";
import { createPolicy, getPolicy, publishPolicy } from "@/lib/policies/policies.server";
import { windowOf, type Window } from "@/lib/quota/window";
import { seedDemo, startPaymentsServer, type DemoFacts, type PaymentsServer } from "@/lib/sandbox/sandbox.server";
import { createServer } from "@/lib/servers/servers.server";
import { openTestDatabase } from "@/lib/testing/database";
import { Agent, type AgentMode } from "./agent";
import { startStack } from "./stack";

const templateFile = "lib/policy/templates/payments-tutorial.yaml";

interface Policy {
  id: string;
  /** Publishes the live text as `edit` changes it. */
  publish: (edit: (text: string) => string) => Promise<void>;
}

/** The whole product but its pages, on a database of its own: listener, gateway, ledger, vault, demo data, demo payments server. */
export interface Journey {
  payments: PaymentsServer;
  databaseUrl: string;
  dataDir: string;
  facts: DemoFacts;
  /** A client with a new grant on the demo server; without `policyId` under the demo policy, with null under none. */
  agent: (mode?: AgentMode, headers?: Record<string, string>, policyId?: string | null) => Promise<Agent>;
  /** A new published policy; without `text` a copy of the tutorial's. */
  policy: (text?: string) => Promise<Policy>;
  /** Another server behind the gateway and a grant for it, as a client needs them. */
  target: (name: string, url: string, policyId: string) => Promise<{ url: URL; requestInit: RequestInit }>;
  /** Waits until no sent call is without an outcome. */
  settled: () => Promise<void>;
  /** Waits until the database clock leaves so many seconds of the window. */
  roomInWindow: (window: Window, seconds: number) => Promise<void>;
  /** Stops and starts everything but PostgreSQL and the payments server. */
  restart: () => Promise<void>;
  close: () => Promise<void>;
}

export async function openJourney(options: GatewayOptions = {}): Promise<Journey> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), "journey-"));
  process.env.POLICYLAYER_DATA_DIR = dataDir;
  const database = await openTestDatabase();
  const payments = await startPaymentsServer({ host: "127.0.0.1", port: 0 });
  let stop = await startStack(dataDir, options);
  const facts = await seedDemo({ upstreamUrl: payments.url, publicUrl: env().publicUrl });
  const { ctx, policyId: demoPolicy } = await demoOf(facts);
  const made: Agent[] = [];
  return {
    payments,
    databaseUrl: database.url,
    dataDir,
    facts,
    agent: async (mode = "auto", headers = {}, policyId = demoPolicy) => {
      const agent = new Agent(ctx, mode, headers, await mint(ctx, facts.serverId, policyId));
      made.push(agent);
      await agent.reconnect();
      return agent;
    },
    policy: (text) => newPolicy(ctx, text),
    target: async (name, url, policyId) => {
      const server = await createServer(ctx, { name, url, allowPrivateNetwork: true, headers: [] });
      const { token } = await mint(ctx, server.id, policyId);
      return { url: new URL(`${env().publicUrl}/mcp/${server.id}`), requestInit: bearer(token) };
    },
    settled,
    roomInWindow,
    restart: async () => {
      await stop();
      await closeDatabase();
      await openDatabase({ dataDir, databaseUrl: database.url, durable: false });
      stop = await startStack(dataDir, options);
    },
    close: async () => {
      for (const agent of made) await agent.client.close().catch(() => undefined);
      await stop();
      await payments.close();
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function demoOf(facts: DemoFacts): Promise<{ ctx: Ctx; policyId: string | null }> {
  const grant = await findGrantByToken(facts.grantToken);
  if (!grant) throw new Error("The demo's token is not known");
  return { ctx: systemCtx(grant.orgId, "journey"), policyId: grant.policyId };
}

const labels = { next: 1 };

async function mint(ctx: Ctx, serverId: string, policyId: string | null) {
  const label = `agent ${String(labels.next++)}`;
  const { grant, token } = await mintGrant(ctx, { label, serverId, policyId, tags: [], expiresInDays: null });
  return { grantId: grant.id, serverId, token };
}

export function bearer(token: string): { headers: Record<string, string> } {
  return { headers: { Authorization: `Bearer ${token}` } };
}

async function newPolicy(ctx: Ctx, text?: string): Promise<Policy> {
  const name = `policy ${String(labels.next++)}`;
  const { id } = await createPolicy(ctx, { name, text: text ?? (await readFile(templateFile, "utf8")), reason: "" });
  return {
    id,
    publish: async (edit) => {
      const live = await getPolicy(ctx, id);
      // The tutorial's own tests speak of tools that a journey may hide.
      const input = { baseVersion: live.liveVersion, text: edit(live.text), reason: "Journey" };
      await publishPolicy(ctx, id, { ...input, allowFailingTests: true });
    },
  };
}

async function settled(): Promise<void> {
  const sent = async () => (await pool().query(`SELECT 1 FROM reservation WHERE state = 'sent'`)).rowCount;
  await ledger().drain();
  await expect.poll(sent, { timeout: 10_000 }).toBe(0);
}

async function roomInWindow(window: Window, seconds: number): Promise<void> {
  const left = async () => {
    const nowMs = (await databaseNow()).getTime();
    return windowOf(nowMs, window).endMs - nowMs;
  };
  await expect.poll(left, { timeout: seconds * 1000 + 5_000, interval: 200 }).toBeGreaterThan(seconds * 1000);
}
