import { closeDatabase, openDatabase, pool } from "@/lib/db/db.server";
import { env, setRuntime } from "@/lib/env/env.server";
import { handleMcp } from "@/lib/gateway/gateway.server";
import { flushTouchedGrants } from "@/lib/grants/grants.server";
import { singleton } from "@/lib/kernel/singleton";
import { startLedger, stopLedger } from "@/lib/ledger/ledger.server";
import type { Ledger } from "@/lib/ledger/types";
import { Listener } from "@/lib/server/listener.server";
import { openVault } from "@/lib/vault/vault.server";
import type { AddressInfo } from "node:net";
import { runLoad, type LoadOptions } from "./bench-load";
import { probeEvents, startCrowd, type Crowd, type ProbeTarget } from "./bench-probe";
import { benchPaths, benchTools, startBenchUpstream } from "./bench-upstream";
import { startBytePipe } from "./byte-pipe";
import { startConstantUpstream } from "./constant-upstream";
import { createGrantRow, createOrg, createPolicyRow, createServerRow } from "./factories";

/** What one child process of the bench is. It prints one line of JSON when it is ready (a load: its result), and ends on SIGTERM. */
export type Part =
  | { kind: "upstream" }
  | { kind: "scene-upstream" }
  | { kind: "pipe"; target: string }
  /** With `memory` the ledger only counts in memory: what relay and evaluation cost by themselves. */
  | { kind: "gateway"; target: string; dataDir: string; memory: boolean }
  /** A gateway before every path of the scenes' upstream, a server and four grants each. */
  | { kind: "scene-gateway"; target: string; dataDir: string }
  | { kind: "load"; options: LoadOptions }
  | { kind: "events"; target: ProbeTarget }
  | { kind: "crowd"; crowd: Crowd };

interface Facts {
  url: string;
  token: string;
  commitMs: number;
}

/** Grants of each server of the scenes: one grant may have 64 calls in flight, one server 256. */
const grantsPerScene = 4;

/** Twenty rules over five arguments, none of which denies, and one counter that never fills. */
function policyText(): string {
  const conditions = [
    "{path: args.amount, op: lte, value: 50000}",
    "{path: args.amount, op: gt, value: 0}",
    '{path: args.currency, op: in, value: ["usd", "eur", "gbp"]}',
    '{path: args.customer, op: regex, value: "^cus_[0-9a-z]+$"}',
    "{path: args.memo, op: exists, value: true}",
  ];
  const rules = Array.from({ length: 19 }, (_, index) => {
    const condition = conditions[index % conditions.length] ?? "";
    return `      - {name: "rule ${String(index)}", conditions: [${condition}]}`;
  });
  const counter = `      - name: "cap"
        conditions: [{path: state.create_charge.spent, op: lte, value: 100000000000000}]
        state: {counter: spent, window: month, increment_from: args.amount}`;
  return `version: "1"\ntools:\n  create_charge:\n    rules:\n${[...rules, counter].join("\n")}\n`;
}

/** Admits everything and keeps nothing. */
const memoryLedger: Ledger & { stop(): Promise<void> } = {
  reserve: async ({ decisionId, orgId }) => ({
    kind: "sent",
    ticket: { decisionId, orgId, onUnknown: "hold", onToolError: "void", reservedAt: "2026-01-01T00:00:00.000Z" },
  }),
  record: async () => ({ kind: "recorded" }),
  settle: () => undefined,
  drain: async () => undefined,
  stop: async () => undefined,
};

/** Everything of the gateway but servers, policies and grants; gives the address that it listens on. */
async function openGateway(dataDir: string, memory: boolean): Promise<string> {
  process.env["POLICYLAYER_DATA_DIR"] = dataDir;
  await openDatabase({ dataDir, databaseUrl: null });
  await openVault({ keys: null, keysFile: null, generateIn: dataDir });
  if (memory) singleton<{ ledger: Ledger | null }>("ledger", () => ({ ledger: null })).ledger = memoryLedger;
  else await startLedger();
  const listener = new Listener({ handleMcp, failing: async () => [], dev: false });
  await new Promise<void>((resolve) => listener.server.listen(0, "127.0.0.1", resolve));
  const { port } = listener.server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${String(port)}`;
  setRuntime({ port, publicUrl: origin });
  listener.serve({ request: async (_incoming, outgoing) => void outgoing.writeHead(404).end() }, env());
  return origin;
}

async function startGateway(target: string, dataDir: string, memory: boolean): Promise<Facts> {
  const origin = await openGateway(dataDir, memory);
  const orgId = await createOrg();
  const serverId = await createServerRow(orgId, { url: target });
  const policyId = await createPolicyRow(orgId, policyText());
  const { token } = await createGrantRow(orgId, { serverId, policyId });
  return { url: `${origin}/mcp/${serverId}`, token, commitMs: await bareCommitMs() };
}

/** Facts `<path>` = the address, `<path> tokens` = its grants' tokens, by commas. */
async function startSceneGateway(target: string, dataDir: string): Promise<Record<string, string>> {
  const origin = await openGateway(dataDir, false);
  const orgId = await createOrg();
  const callPolicy = await createPolicyRow(orgId, policyText());
  const listPolicy = await createPolicyRow(orgId, 'version: "1"\nhide: ["delete_*"]\ndefault: allow\ntools: {}\n');
  const facts: Record<string, string> = {};
  for (const path of benchPaths) {
    const isList = path.endsWith("list");
    const tools = isList ? { tools: [], definitions: benchTools() } : {};
    const serverId = await createServerRow(orgId, { url: target + path, ...tools });
    const tokens: string[] = [];
    for (let grant = 0; grant < grantsPerScene; grant += 1) {
      tokens.push((await createGrantRow(orgId, { serverId, policyId: isList ? listPolicy : callPolicy })).token);
    }
    facts[path] = `${origin}/mcp/${serverId}`;
    facts[`${path} tokens`] = tokens.join(",");
  }
  return facts;
}

async function stopGateway(): Promise<void> {
  await flushTouchedGrants();
  await stopLedger();
  await closeDatabase();
}

/** Median time of one durable commit of one row on this machine. */
async function bareCommitMs(): Promise<number> {
  const client = await pool().connect();
  await client.query("CREATE TABLE IF NOT EXISTS bench_commit (n int PRIMARY KEY, v int)");
  await client.query("INSERT INTO bench_commit VALUES (1, 0) ON CONFLICT DO NOTHING");
  const times: number[] = [];
  for (let i = 0; i < 300; i++) {
    const started = performance.now();
    await client.query({ name: "bench-commit", text: "UPDATE bench_commit SET v = v + 1 WHERE n = 1" });
    times.push(performance.now() - started);
  }
  await client.query("DROP TABLE bench_commit");
  client.release();
  return times.toSorted((a, b) => a - b)[150] ?? NaN;
}

async function run(part: Part): Promise<unknown> {
  switch (part.kind) {
    case "upstream":
      return { url: (await startConstantUpstream()).url };
    case "scene-upstream":
      return startBenchUpstream();
    case "pipe":
      return { url: (await startBytePipe(part.target)).url };
    case "gateway":
      return startGateway(part.target, part.dataDir, part.memory);
    case "scene-gateway":
      return startSceneGateway(part.target, part.dataDir);
    case "load":
      return runLoad(part.options);
    case "events":
      return probeEvents(part.target);
    case "crowd":
      return startCrowd(part.crowd);
  }
}

const part = JSON.parse(process.argv[2] ?? "{}") as Part;
process.on(
  "SIGTERM",
  () => void (part.kind.endsWith("gateway") ? stopGateway() : Promise.resolve()).finally(() => process.exit(0)),
);
process.stdout.write(`${JSON.stringify(await run(part))}\n`);
if (part.kind === "load" || part.kind === "events") process.exit(0);
