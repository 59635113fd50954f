import "server-only";
import { setTimeout as wait } from "node:timers/promises";
import type pg from "pg";
import { ensureServer, stopServer, type RunningServer } from "./bundled.server";
import { prepareCluster, superuser, type Cluster } from "./cluster.server";
import { openClient, withClient } from "./connect.server";
import { isUnavailable } from "./failure";
import { isAlive } from "./postmaster.server";
import { startError } from "@/lib/env/start-error";
import { isAppError, type AppError } from "@/lib/kernel/errors";

const database = "policylayer";
const ownerLock = [0x706f6c79, 1];
const retryMs = 50;
const retriesMax = 200;

/** The bundled PostgreSQL of one data folder, owned by this process. */
export interface BundledDatabase {
  url: string;
  server: RunningServer;
  cluster: Cluster;
  /** Stops the server and gives the folder up. */
  close(): Promise<void>;
}

export interface BundledOptions {
  durable: boolean;
  /** Called when the server was lost and cannot be had back; the process should end. */
  onFatal: (error: AppError) => void;
}

function urlOf(cluster: Cluster, port: number, name: string): string {
  return `postgresql://${superuser}:${cluster.password}@127.0.0.1:${port}/${name}`;
}

/** The process that holds the lock, by the name that it gave its connection. */
async function findHolder(client: pg.Client): Promise<number | null> {
  const sql =
    "SELECT a.application_name AS name FROM pg_locks l JOIN pg_stat_activity a USING (pid) " +
    "WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 2";
  const { rows } = await client.query<{ name: string }>(sql, ownerLock);
  const pid = /(\d+)$/.exec(rows[0]?.name ?? "")?.[1];
  return pid === undefined ? null : Number(pid);
}

/** Takes the lock on `client`, or refuses at once when a living process has it. A dead holder's lock is gone within moments. */
async function takeLock(client: pg.Client, cluster: Cluster): Promise<void> {
  for (let tries = 0; tries < retriesMax; tries += 1) {
    const answer = await client.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1, $2) AS taken", ownerLock);
    if (answer.rows[0]?.taken) return;
    const holder = await findHolder(client);
    if (holder !== null && isAlive(holder)) {
      throw startError(
        `The data folder ${cluster.dataDir} is in use by process ${holder}. Stop it first, or choose another POLICYLAYER_DATA_DIR.`,
        undefined,
        "data_folder_in_use",
      );
    }
    await wait(retryMs);
  }
  throw startError(
    `The data folder ${cluster.dataDir} is in use by a process that cannot be seen from here.`,
    undefined,
    "data_folder_in_use",
  );
}

interface Ownership {
  server: RunningServer;
  client: pg.Client;
}

/** A ready server and its lock. Tries again while a server that is just stopping goes away. */
async function own(cluster: Cluster, durable: boolean, port: number | null): Promise<Ownership> {
  for (let tries = 0; ; tries += 1) {
    const server = await ensureServer(cluster, { durable, port });
    let client: pg.Client | null = null;
    try {
      client = await openClient(urlOf(cluster, server.port, "postgres"), "owner");
      await takeLock(client, cluster);
      return { server, client };
    } catch (error) {
      await client?.end().catch(() => undefined);
      if (isAppError(error)) throw error;
      if (tries >= retriesMax || !isUnavailable(error)) {
        throw startError(`The bundled PostgreSQL in ${cluster.dataDir} does not let us in.`, error);
      }
      await wait(retryMs);
    }
  }
}

async function createDatabase(cluster: Cluster, port: number): Promise<void> {
  await withClient(urlOf(cluster, port, "postgres"), "create", async (client) => {
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
  });
}

/**
 * Starts or adopts the bundled PostgreSQL of `dataDir` and becomes its one owner: an advisory lock on a connection of its own, which
 * dies with this process. While it runs, a server that goes down is started again on the same port. Throws `start_failed`, with exit
 * code 75 when another process owns the folder.
 */
export async function openBundled(dataDir: string, options: BundledOptions): Promise<BundledDatabase> {
  const cluster = await prepareCluster(dataDir, { sync: options.durable });
  const first = await own(cluster, options.durable, null);
  const { port } = first.server;
  let closing = false;
  let current = first;

  let recovering = Promise.resolve();

  const watch = (client: pg.Client) =>
    client.once("end", () => {
      recovering = recover();
    });
  async function recover(): Promise<void> {
    if (closing) return;
    try {
      const next = await own(cluster, options.durable, port);
      if (closing) return await release(next.client);
      if (next.server.port !== port) throw startError("The bundled PostgreSQL came back on another port. Start again.");
      current = next;
      watch(next.client);
    } catch (error) {
      if (!closing) options.onFatal(isAppError(error) ? error : startError("The bundled PostgreSQL was lost.", error));
    }
  }

  async function release(client: pg.Client): Promise<void> {
    await stopServer(cluster);
    await client.end().catch(() => undefined);
  }

  watch(first.client);
  const close = async () => {
    closing = true;
    await release(current.client);
    await recovering;
  };
  try {
    await createDatabase(cluster, port);
  } catch (error) {
    await close();
    throw error;
  }
  return { url: urlOf(cluster, port, database), server: first.server, cluster, close };
}
