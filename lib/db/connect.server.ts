import "server-only";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "./generated/client";
import { startError } from "@/lib/env/start-error";

/** How long any one step may take before it counts as failed: connecting, waiting for a free connection, one statement. */
export const stepTimeoutMs = 1_500;

/** A process that holds locks and sleeps, or a frozen replica, is cut off after this. */
const idleInTransactionMs = 10_000;
const poolSize = 10;

/**
 * The options of every working connection. The server's own time-out comes a little before the client's: a slow statement then ends
 * with an answer and a usable connection, and only a silent server runs into the client's.
 */
function workOptions(url: string, name: string): pg.PoolConfig {
  return {
    connectionString: url,
    application_name: `policylayer ${name} ${process.pid}`,
    connectionTimeoutMillis: stepTimeoutMs,
    query_timeout: stepTimeoutMs,
    statement_timeout: stepTimeoutMs - 100,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    keepAlive: true,
    max: poolSize,
    idleTimeoutMillis: 30_000,
    allowExitOnIdle: true,
  };
}

/** A pool of ten. A dead database fails within 1.5 s per step; idle connections that break are replaced silently. */
export function makePool(url: string, name: string): pg.Pool {
  const pool = new pg.Pool(workOptions(url, name));
  pool.on("error", () => undefined);
  return pool;
}

/** Prisma's client over `pool`. */
export function makePrisma(pool: pg.Pool): PrismaClient {
  return new PrismaClient({
    adapter: new PrismaPg(pool, { onPoolError: () => undefined, onConnectionError: () => undefined }),
    transactionOptions: { maxWait: stepTimeoutMs, timeout: 5_000 },
  });
}

/** One connection outside the pools, for locks and LISTEN. No statement time-out unless asked; its errors never crash the process. */
export async function openClient(url: string, name: string, options: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: `policylayer ${name} ${process.pid}`,
    connectionTimeoutMillis: stepTimeoutMs,
    keepAlive: true,
    ...options,
  });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Runs `work` on a connection of its own and closes it. */
export async function withClient<T>(url: string, name: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await openClient(url, name);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const versionMin = 150_000;

/** What the server has to be like; see `checkServer`. */
export interface ServerFacts {
  versionNumber: number;
  fsync: boolean;
  synchronousCommit: string;
}

/**
 * Reads the server's version and durability settings. Throws `start_failed` when it cannot be reached or is older than PostgreSQL 15.
 */
export async function checkServer(url: string): Promise<ServerFacts> {
  const sql =
    "SELECT current_setting('server_version_num')::int AS version, current_setting('fsync') AS fsync, " +
    "current_setting('synchronous_commit') AS commit";
  let row: { version: number; fsync: string; commit: string } | undefined;
  try {
    row = (await withClient(url, "check", (client) => client.query<NonNullable<typeof row>>(sql))).rows[0];
  } catch (error) {
    throw startError(`The database cannot be reached: ${error instanceof Error ? error.message : "no answer"}`, error);
  }
  if (!row || row.version < versionMin) throw startError("The database is older than PostgreSQL 15.");
  return { versionNumber: row.version, fsync: row.fsync === "on", synchronousCommit: row.commit };
}
