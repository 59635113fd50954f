import { chmod, mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { closeDatabase, openDatabase, prisma } from "@/lib/db/db.server";
import { env, setRuntime } from "@/lib/env/env.server";
import { closeStreams, flushRefusals, handleMcp } from "@/lib/gateway/gateway.server";
import { flushTouchedGrants } from "@/lib/grants/grants.server";
import { closeEgress } from "@/lib/http/egress.server";
import { ledger, startLedger, stopLedger } from "@/lib/ledger/ledger.server";
import { Listener } from "@/lib/server/listener.server";
import { createServer, listTools } from "@/lib/servers/servers.server";
import { ServerInput } from "@/lib/servers/schema";
import { closeVault, openVault } from "@/lib/vault/vault.server";
import { createGrantRow, createOrg, createPolicyRow, createSystemCtx } from "./factories";
import { startTokenPipe } from "./token-pipe";

export interface Decisions {
  allowed: number;
  /** Refused for what the request itself is: a wrong header, a missing member, an unknown method. */
  refused: number;
  /** Stopped by a policy; the suite's policies must stop nothing. */
  stopped: number;
}

export interface ConformanceGateway {
  /** Registers and scans the upstream, mints a grant with this policy, and answers the URL that a client without headers can use. */
  govern(upstreamUrl: string, policy: string): Promise<string>;
  /** What the decision log holds. */
  decisions(): Promise<Decisions>;
  close(): Promise<void>;
}

/**
 * The gateway as it is sold: its own listener, a bundled PostgreSQL (without fsync, as in all tests), vault, ledger, and the
 * services of the console to register a server. In front of it is a pipe that adds the grant's token; the pipe's address is the
 * gateway's public URL, so that Host and Origin of a client are judged as they would be without the pipe.
 */
export async function startConformanceGateway(): Promise<ConformanceGateway> {
  const dataDir = await mkdtemp(path.join(process.getuid?.() === 0 ? "/var/tmp" : os.tmpdir(), "policylayer-suite-"));
  await chmod(dataDir, 0o755);
  process.env["POLICYLAYER_DATA_DIR"] = dataDir;
  process.env["LOG_LEVEL"] ??= "silent";
  await openDatabase({ dataDir, databaseUrl: null, durable: false });
  await openVault({ keys: null, keysFile: null, generateIn: dataDir });
  await startLedger();
  const listener = new Listener({ handleMcp, failing: async () => [], dev: false });
  await new Promise<void>((resolve) => listener.server.listen(0, "127.0.0.1", resolve));
  const { port } = listener.server.address() as AddressInfo;
  const pipe = await startTokenPipe(`http://127.0.0.1:${String(port)}`);
  setRuntime({ port, publicUrl: pipe.origin });
  listener.serve({ request: async (_incoming, outgoing) => void outgoing.writeHead(404).end() }, env());
  const orgId = await createOrg();
  return {
    async govern(upstreamUrl, policy) {
      const ctx = await createSystemCtx(orgId);
      const name = `everything ${upstreamUrl}`;
      const input = ServerInput.parse({ name, url: upstreamUrl, allowPrivateNetwork: true });
      const { id: serverId, lastScanError } = await createServer(ctx, input);
      if (lastScanError !== null) throw new Error(`The scan failed: ${lastScanError}`);
      if ((await listTools(ctx, serverId)).length === 0) throw new Error("The scan found no tool.");
      const policyId = await createPolicyRow(orgId, policy);
      const { token } = await createGrantRow(orgId, { serverId, policyId });
      pipe.add(`/mcp/${serverId}`, token);
      return `${pipe.origin}/mcp/${serverId}`;
    },
    async decisions() {
      await ledger().drain();
      const count = (where: object) => prisma().decisionLog.count({ where: { orgId, kind: "decision", ...where } });
      const byPolicy = [{ rule: { startsWith: "/" } }, { rule: "(default deny)" }, { rule: "(no policy)" }];
      const [all, allowed] = [await count({}), await count({ decision: "allow" })];
      const stopped = await count({ decision: { not: "allow" }, OR: byPolicy });
      return { allowed, refused: all - allowed - stopped, stopped };
    },
    async close() {
      closeStreams();
      await pipe.close();
      listener.server.closeAllConnections();
      await new Promise((resolve) => listener.server.close(resolve));
      await flushRefusals();
      await flushTouchedGrants();
      await stopLedger();
      await closeEgress();
      closeVault();
      await closeDatabase();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
