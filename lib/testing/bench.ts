import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { closeDatabase, openDatabase, pool } from "@/lib/db/db.server";
import { benchLedger } from "@/lib/ledger/ledger.bench.server";
import { benchGateway, type BenchRow } from "./bench-gateway";
import { benchPolicy } from "./bench-policy";
import { benchScenes } from "./bench-scenes";
import thresholds from "./thresholds.json";

// `npm run bench`: every figure of one run on one machine. Absolute figures move by a third on shared machines; quote the ratios.
// `--only policy,ledger,gateway,scenes` picks parts; `--seed N` repeats the random calls of an earlier run.

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

/** Says how the figures that were aimed at came out. A slow machine is no failure: the exit code stays 0. */
function judge({ rows, commitMs }: Awaited<ReturnType<typeof benchGateway>>): void {
  const { connections, ofPipe, addedMs, p99OfPipe } = thresholds.gateway;
  const find = (what: BenchRow["what"], count: number) =>
    rows.find((row) => row.what === what && row.connections === count);
  const at = `at ${String(connections)} connections`;
  const [pipe, relayed] = [find("byte pipe", connections), find("in memory", connections)];
  if (pipe && relayed) {
    aim(`calls ${at}, in memory`, relayed.ofPipe, ofPipe, "x byte pipe", "min");
    aim(`p99 ${at}, in memory`, relayed.p99Ms / pipe.p99Ms, p99OfPipe, "x byte pipe", "max");
  }
  const [governed, peer] = [find("gateway", connections), find("peer", connections)];
  if (governed) aim(`calls ${at}, durable`, governed.ofPipe, ofPipe, "x byte pipe", "min");
  if (governed && peer) {
    aim(`calls ${at}, durable`, governed.perSecond / peer.perSecond, 1, "x peer", "min");
    aim(`p99 ${at}, durable`, governed.p99Ms / peer.p99Ms, 1, "x peer", "max");
  }
  const alone = find("byte pipe", 1);
  for (const [what, label, bar] of [
    ["in memory", "in memory", addedMs],
    ["gateway", "durable, with its commit", addedMs + 1.5 * commitMs],
  ] as const) {
    const one = find(what, 1);
    if (one && alone) aim(`added at one connection, ${label}`, one.p50Ms - alone.p50Ms, bar, "ms", "max");
  }
  const bad = rows.reduce((sum, row) => sum + row.bad, 0);
  if (bad > 0) {
    say(`${String(bad)} answers were no good: these figures do not count`);
    process.exitCode = 1;
  }
}

/** One line: the figure, the bar, and whether it was reached. */
function aim(what: string, value: number, bar: number, unit: string, side: "min" | "max"): void {
  const isReached = side === "min" ? value >= bar : value <= bar;
  const bound = side === "min" ? "at least" : "at most";
  say(
    `${what}: ${value.toFixed(2)} ${unit}; aim ${bound} ${String(Number(bar.toFixed(2)))}: ${isReached ? "reached" : "missed"}`,
  );
}

async function sceneSpeed(): Promise<void> {
  say("Scenes: one gateway with the durable ledger; what is added is against a byte pipe in the same run");
  for (const { what, value, unit, bar } of await benchScenes(say)) {
    if (bar === null) say(`${what}: ${value.toFixed(2)} ${unit}`);
    else aim(what, value, thresholds.scenes[bar], unit, "max");
  }
}

const parts = { policy: policySpeed, ledger: ledgerSpeed, gateway: gatewaySpeed, scenes: sceneSpeed };

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
