import "server-only";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { OpenLedger } from "./open-ledger.server";
import { claimOf, createScene, intentOf, outcomeOf } from "./scene.server";

export interface LedgerSpeed {
  /** One-row commits a second on one connection, one after the other. */
  bareCommitsPerSecond: number;
  /** Reserves, each settled, by the number in flight. */
  runs: { inFlight: number; perSecond: number; p50Ms: number; p99Ms: number }[];
}

/**
 * Measures reserve + settle against a migrated, empty database. `durationMs` is the time per run; the first fifth is a warm-up and
 * not counted. Throws when a reserve is refused or the ledger reports a failure.
 */
export async function benchLedger(
  url: string,
  durationMs = 3_000,
  inFlights: readonly number[] = [1, 8, 32],
): Promise<LedgerSpeed> {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  const spoolFolder = await mkdtemp(path.join(os.tmpdir(), "ledger-bench-"));
  const ledger = new OpenLedger({
    connection: { connectionString: url },
    pool: () => pool,
    spoolFolder,
    onCalls: () => undefined,
    onNear: () => undefined,
    onFailure: (error) => {
      throw error;
    },
  });
  try {
    await ledger.start();
    const bareCommitsPerSecond = await bareCommits(pool, durationMs / 3);
    const runs: LedgerSpeed["runs"] = [];
    for (const inFlight of inFlights) runs.push({ inFlight, ...(await run(ledger, pool, inFlight, durationMs)) });
    return { bareCommitsPerSecond, runs };
  } finally {
    await ledger.stop();
    await pool.end();
    await rm(spoolFolder, { recursive: true, force: true });
  }
}

async function bareCommits(pool: pg.Pool, durationMs: number): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query("CREATE TABLE IF NOT EXISTS bench_commit (n int)");
    await client.query("INSERT INTO bench_commit VALUES (0)");
    const startedAt = performance.now();
    let commits = 0;
    for (; performance.now() - startedAt < durationMs; commits++) {
      await client.query({ name: "bare", text: "UPDATE bench_commit SET n = n + 1" });
    }
    return Math.round((commits * 1000) / (performance.now() - startedAt));
  } finally {
    await client.query("DROP TABLE IF EXISTS bench_commit");
    client.release();
  }
}

async function run(ledger: OpenLedger, pool: pg.Pool, inFlight: number, durationMs: number) {
  const scene = await createScene(pool);
  const startedAt = performance.now();
  const countFrom = startedAt + durationMs / 5;
  const endAt = startedAt + durationMs;
  const times: number[] = [];
  async function caller(): Promise<void> {
    for (let now = performance.now(); now < endAt;) {
      const answer = await ledger.reserve(intentOf(scene, claimOf(scene, "spend", "1.25"), claimOf(scene, "calls", 1)));
      if (answer.kind !== "sent") throw new Error(`reserve answered ${answer.kind}`);
      ledger.settle(answer.ticket, outcomeOf("success"));
      const doneAt = performance.now();
      if (now >= countFrom) times.push(doneAt - now);
      now = doneAt;
    }
  }
  await Promise.all(Array.from({ length: inFlight }, caller));
  await ledger.drain();
  times.sort((a, b) => a - b);
  const at = (share: number) => Math.round((times[Math.floor(times.length * share)] ?? NaN) * 100) / 100;
  return { perSecond: Math.round((times.length * 1000) / (endAt - countFrom)), p50Ms: at(0.5), p99Ms: at(0.99) };
}
