import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { startPart, stopPart, type Child } from "./bench-child";
import type { LoadResult } from "./bench-load";
import type { Part } from "./bench-part";
import { startPeer } from "./bench-peer";

export interface BenchOptions {
  connections?: readonly number[];
  durationMs?: number;
  /** Best of so many runs: other work on the machine only ever makes a run slower. */
  runs?: number;
}

export interface BenchRow extends LoadResult {
  what: "upstream" | "byte pipe" | "in memory" | "gateway" | "peer";
  connections: number;
  /** Calls per second as a share of the byte pipe's, in the same run. */
  ofPipe: number;
}

const warmUpMs = 1_500;

/**
 * Measures, in one run on one machine: a constant upstream alone, a byte pipe before it, and the gateway before it with 20 argument
 * rules and one counter, once with a ledger in memory and once with the durable one on a PostgreSQL that syncs to disk. Every part is
 * a process of its own, a published gateway is beside them where it can be installed. Prints a table.
 */
export async function benchGateway(options: BenchOptions = {}): Promise<{ rows: BenchRow[]; commitMs: number }> {
  const { connections = [1, 8, 32], durationMs = 4_000, runs = 3 } = options;
  const dataDir = await mkdtemp(path.join(process.getuid?.() === 0 ? "/var/tmp" : os.tmpdir(), "policylayer-bench-"));
  await chmod(dataDir, 0o755);
  const children: Child[] = [];
  const start = async (part: Part) => {
    const child = await startPart(part);
    children.push(child);
    return child;
  };
  try {
    const upstream = await start({ kind: "upstream" });
    const target = String(upstream.facts["url"]);
    const pipe = await start({ kind: "pipe", target });
    const memory = await start({ kind: "gateway", target, dataDir: path.join(dataDir, "memory"), memory: true });
    const gateway = await start({ kind: "gateway", target, dataDir: path.join(dataDir, "durable"), memory: false });
    const peer = await startPeer(target);
    if (peer) children.push(peer);
    const commitMs = Number(gateway.facts["commitMs"]);
    process.stdout.write(`one durable commit: ${commitMs.toFixed(2)} ms (median of 300)\n`);
    const rows: BenchRow[] = [];
    for (const count of connections) {
      const one = (child: Child) => best(child, count, durationMs, runs);
      const direct = await one(upstream);
      const piped = await one(pipe);
      const relayed = await one(memory);
      const governed = await one(gateway);
      const row = (what: BenchRow["what"], result: LoadResult): BenchRow => ({
        what,
        connections: count,
        ...result,
        ofPipe: result.perSecond / piped.perSecond,
      });
      rows.push(row("upstream", direct), row("byte pipe", piped));
      rows.push(row("in memory", relayed), row("gateway", governed));
      if (peer) rows.push(row("peer", await one(peer)));
    }
    process.stdout.write(tableOf(rows));
    return { rows, commitMs };
  } finally {
    await Promise.all(children.map(stopPart));
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function best(child: Child, connections: number, durationMs: number, runs: number): Promise<LoadResult> {
  const token = child.facts["token"];
  const options = {
    url: String(child.facts["url"]),
    token: typeof token === "string" ? token : null,
    connections,
    durationMs,
    warmUpMs,
    inSession: child.facts["inSession"] === 1,
  };
  let found: LoadResult | null = null;
  for (let run = 0; run < runs; run++) {
    const load = await startPart({ kind: "load", options });
    const result = load.facts as unknown as LoadResult;
    if (!found || result.perSecond > found.perSecond) found = result;
  }
  if (!found) throw new Error("A bench needs at least one run.");
  return found;
}

function tableOf(rows: readonly BenchRow[]): string {
  const line = (cells: readonly string[]) =>
    `${cells.map((cell, at) => (at === 1 ? cell.padEnd(10) : cell.padStart(11))).join(" ")}\n`;
  const head = line(["connections", "what", "calls/s", "p50 ms", "p99 ms", "x pipe", "bad"]);
  const body = rows.map((row) =>
    line([
      String(row.connections),
      row.what,
      row.perSecond.toFixed(0),
      row.p50Ms.toFixed(2),
      row.p99Ms.toFixed(2),
      row.ofPipe.toFixed(2),
      String(row.bad),
    ]),
  );
  return head + body.join("");
}
