import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { closeDatabase, openDatabase, pool } from "@/lib/db/db.server";
import { benchLedger } from "@/lib/ledger/ledger.bench.server";
import { benchGateway, type BenchRow } from "./bench-gateway";
import { benchPolicy } from "./bench-policy";
import thresholds from "./thresholds.json";

// `npm run bench`: every figure of one run on one machine. Absolute figures move by a third on shared machines; quote the ratios.
// `--only policy,ledger,gateway` picks parts; `--seed N` repeats the random calls of an earlier run.

const say = (line = "") => void process.stdout.write(`${line}\n`);

/** Cells right-aligned under their heads, the first one left-aligned. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((cells) => (cells[at] ?? "").length)));
  for (const cells of all) {
    say(
      cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join("   "),
    );
  }
}

/** Engines that decide differently make the figures worthless: that is a failure, a slow machine is none. */
async function policySpeed(): Promise<void> {
  if (!(await benchPolicy(say, table, { seed }))) process.exitCode = 1;
}

/** A bundled PostgreSQL of its own that syncs to disk, as in production. */
async function ledgerSpeed(): Promise<void> {
  say("Ledger: reserve and settle with two counters, durable");
  const dataDir = await mkdtemp(path.join(process.getuid?.() === 0 ? "/var/tmp" : os.tmpdir(), "policylayer-bench-"));
  await chmod(dataDir, 0o755);
  try {
    await openDatabase({ dataDir, databaseUrl: null });
    const { bareCommitsPerSecond, runs } = await benchLedger(pool().options.connectionString ?? "");
    const rows = runs.map(({ inFlight, perSecond, p50Ms, p99Ms }) => [
      `${String(inFlight)} in flight`,
      perSecond.toLocaleString("en"),
      p50Ms.toFixed(2),
      p99Ms.toFixed(2),
      (perSecond / bareCommitsPerSecond).toFixed(2),
    ]);
    rows.unshift(["one-row commits, one by one", bareCommitsPerSecond.toLocaleString("en"), "", "", "1.00"]);
    table(["", "calls/s", "p50 ms", "p99 ms", "x bare commit"], rows);
  } finally {
    await closeDatabase();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function gatewaySpeed(): Promise<void> {
  say("Gateway: 20 argument rules, one counter, durable ledger; beside a byte pipe and the upstream alone");
  judge(await benchGateway());
}

/** Says how the ratio that was aimed at came out. A slow machine is no failure: the exit code stays 0. */
function judge(rows: readonly BenchRow[]): void {
  const { connections, ofPipe } = thresholds.gateway;
  const found = rows.find((row) => row.what === "gateway" && row.connections === connections);
  if (!found) return;
  const verdict = found.ofPipe >= ofPipe ? "reached" : "missed";
  say(
    `aim at ${String(connections)} connections: ${String(ofPipe)} x byte pipe; ${verdict} with ${found.ofPipe.toFixed(2)} x`,
  );
  const bad = rows.reduce((sum, row) => sum + row.bad, 0);
  if (bad > 0) {
    say(`${String(bad)} answers were no good: these figures do not count`);
    process.exitCode = 1;
  }
}

const parts = { policy: policySpeed, ledger: ledgerSpeed, gateway: gatewaySpeed };

const { values } = parseArgs({ options: { only: { type: "string" }, seed: { type: "string" } } });
const names = values.only?.split(",") ?? Object.keys(parts);
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
if (!Number.isSafeInteger(seed)) throw new Error("--seed takes a whole number.");

const [cpu] = os.cpus();
const [load = 0] = os.loadavg();
say(
  `Node ${process.versions.node}, ${String(os.cpus().length)} x ${cpu?.model.trim() ?? "unknown processor"}, load ${load.toFixed(1)}`,
);
if (load > os.cpus().length / 2)
  say("Other work is running on this machine: the figures below are too low, the ratios uncertain.");
for (const [name, run] of Object.entries(parts)) {
  if (!names.includes(name)) continue;
  say();
  await run();
}
