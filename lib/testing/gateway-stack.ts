import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { pool, prisma } from "@/lib/db/db.server";
import { env, setRuntime } from "@/lib/env/env.server";
import { closeStreams, createGateway, type GatewayOptions } from "@/lib/gateway/gateway.server";
import { flushTouchedGrants, revokeGrant } from "@/lib/grants/grants.server";
import { closeEgress } from "@/lib/http/egress.server";
import type { OrgId } from "@/lib/kernel/ids";
import { ledger, startLedger, stopLedger } from "@/lib/ledger/ledger.server";
import { getPolicy, publishPolicy } from "@/lib/policies/policies.server";
import type { DriftMode } from "@/lib/servers/tool-state";
import { createGrantRow, createOrg, createPolicyRow, createServerRow, createSystemCtx } from "./factories";
import { openTestHouse } from "./house";

export interface StackOptions extends GatewayOptions {
  upstreamUrl: string;
  /** YAML of the live policy; null = none attached. */
  policy: string | null;
  /** Accepted tools, with the plain definitions that the scripted upstream lists. */
  tools: readonly string[];
  /** Accepted definitions of further tools, JSON texts. */
  definitions?: readonly string[];
  drift?: DriftMode;
  headers?: Readonly<Record<string, string>>;
}

/** One grant with a server and a policy of its own, reachable over HTTP. */
export interface StackGrant {
  url: string;
  token: string;
  grantId: string;
  serverId: string;
  policyId: string | null;
}

export interface GatewayStack extends StackGrant {
  orgId: OrgId;
  port: number;
  databaseUrl: string;
  /** Another server, policy and grant behind the same gateway. */
  add(options: Omit<StackOptions, keyof GatewayOptions>): Promise<StackGrant>;
  /** Another grant on the server and policy of one that exists. */
  twin(grant: StackGrant, label: string): Promise<StackGrant>;
  /** Publishes a text as the next version of the grant's policy. */
  publish(grant: StackGrant, text: string): Promise<void>;
  revoke(grant: StackGrant): Promise<void>;
  /** Decision and outcome rows of a grant in order, after everything queued was written. */
  log(grant: StackGrant): Promise<LogRow[]>;
  /** What the grant's counter holds now, as decimal text; "0" when it has no row. */
  used(grant: StackGrant, counter: string): Promise<string>;
  close(): Promise<void>;
}

export interface LogRow {
  kind: string;
  decisionId: string;
  decision: string | null;
  rule: string | null;
  reason: string | null;
  outcome: string | null;
  method: string | null;
  tool: string | null;
  record: string;
}

/**
 * The gateway with everything real beneath it: database, ledger, vault, services, listening on loopback the way the product's own
 * listener does. Call once per test file.
 */
export async function startGatewayStack(options: StackOptions): Promise<GatewayStack> {
  const house = await openTestHouse();
  await startLedger();
  const handle = createGateway(options);
  const listener = getRequestListener(
    (request, { incoming }) => {
      const { rawHeaders, socket } = incoming as IncomingMessage;
      return handle(request, { rawHeaders, address: socket.remoteAddress ?? null });
    },
    { overrideGlobalObjects: false },
  );
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  setRuntime({ port, publicUrl: `http://127.0.0.1:${String(port)}`, authSecret: env().authSecret ?? "" });
  const orgId = await createOrg();
  const add = (more: Omit<StackOptions, keyof GatewayOptions>) => addGrant(orgId, port, more);
  return {
    ...(await add(options)),
    orgId,
    port,
    databaseUrl: house.url,
    add,
    twin: (grant, label) => addTwin(orgId, grant, label),
    publish: (grant, text) => publish(orgId, grant, text),
    revoke: async (grant) => void (await revokeGrant(await createSystemCtx(orgId), grant.grantId)),
    log: (grant) => readLog(orgId, grant),
    used: (grant, counter) => readUsed(grant, counter),
    async close() {
      closeStreams();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await flushTouchedGrants();
      await stopLedger();
      await closeEgress();
      await house.close();
    },
  };
}

async function addGrant(
  orgId: OrgId,
  port: number,
  options: Omit<StackOptions, keyof GatewayOptions>,
): Promise<StackGrant> {
  const { upstreamUrl, policy, tools, definitions = [], drift = "enforce", headers = {} } = options;
  const serverId = await createServerRow(orgId, { url: upstreamUrl, tools, definitions, drift, headers });
  const policyId = policy === null ? null : await createPolicyRow(orgId, policy);
  const { grant, token } = await createGrantRow(orgId, { serverId, policyId });
  const url = `http://127.0.0.1:${String(port)}/mcp/${serverId}`;
  return { url, token, grantId: grant.id, serverId, policyId };
}

async function addTwin(orgId: OrgId, of: StackGrant, label: string): Promise<StackGrant> {
  const { serverId, policyId } = of;
  const { grant, token } = await createGrantRow(orgId, { serverId, policyId, label });
  return { ...of, token, grantId: grant.id };
}

async function publish(orgId: OrgId, { policyId }: StackGrant, text: string): Promise<void> {
  const ctx = await createSystemCtx(orgId);
  const { liveVersion } = await getPolicy(ctx, policyId ?? "");
  await publishPolicy(ctx, policyId ?? "", { baseVersion: liveVersion, text, reason: "test" });
}

async function readLog(orgId: OrgId, { grantId }: StackGrant): Promise<LogRow[]> {
  await ledger().drain();
  const rows = await prisma().decisionLog.findMany({ where: { orgId }, orderBy: { seq: "asc" } });
  const own = new Set(rows.filter((row) => row.grantId === grantId).map((row) => row.decisionId));
  return rows.filter((row) => own.has(row.decisionId));
}

async function readUsed({ grantId }: StackGrant, counter: string): Promise<string> {
  await ledger().drain();
  const found = await pool().query<{ used: string }>(
    "SELECT trim_scale(used)::text AS used FROM counter WHERE grant_id = $1 AND name = $2 ORDER BY window_start DESC LIMIT 1",
    [grantId, counter],
  );
  return found.rows[0]?.used ?? "0";
}
