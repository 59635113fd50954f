import "server-only";
import { pool } from "@/lib/db/db.server";

/** Work that is repeated in the background, by one process of the installation at a time. */
export interface Job {
  /** Also names the lock, so it must not change while versions run side by side. */
  name: string;
  everyMs: number;
  run: (signal: AbortSignal) => Promise<void>;
}

const lockClass = 7_031;
/** The first run comes soon after the start, not with it. */
const firstAfterMs = 20_000;

/**
 * Starts the jobs and answers how to stop them: no new run begins, running ones hear their signal and are waited for. A run that fails
 * is tried again at its next time; one that another process is at is skipped.
 */
export function startJobs(jobs: readonly Job[], first = firstAfterMs): () => Promise<void> {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const timers = new Map<Job, NodeJS.Timeout>();
  const plan = (job: Job, afterMs: number) => {
    if (stopping.signal.aborted) return;
    const start = () => {
      const run = runOnce(job, stopping.signal).finally(() => {
        running.delete(run);
        plan(job, job.everyMs);
      });
      running.add(run);
    };
    timers.set(job, setTimeout(start, afterMs).unref());
  };
  for (const job of jobs) plan(job, Math.min(first, job.everyMs));
  return async () => {
    stopping.abort();
    for (const timer of timers.values()) clearTimeout(timer);
    await Promise.all(running);
  };
}

/** Runs a job if no other process is at it. Never throws: a failure is a warning of the process. */
export async function runOnce(job: Job, signal: AbortSignal): Promise<void> {
  const client = await pool()
    .connect()
    .catch(() => null);
  if (!client) return;
  let isTaken = false;
  try {
    const values = [lockClass, job.name];
    const taken = await client.query<{ taken: boolean }>(
      "SELECT pg_try_advisory_lock($1::int, hashtext($2)) AS taken",
      values,
    );
    isTaken = taken.rows[0]?.taken === true;
    if (isTaken) await job.run(signal);
  } catch (error) {
    process.emitWarning(`job ${job.name}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    const freed = isTaken
      ? await client.query("SELECT pg_advisory_unlock($1::int, hashtext($2))", [lockClass, job.name]).catch(() => null)
      : true;
    // A connection that cannot say that it let go is closed, which lets go as well.
    client.release(freed === null);
  }
}
