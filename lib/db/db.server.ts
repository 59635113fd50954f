import "server-only";
import { setTimeout as wait } from "node:timers/promises";
import type pg from "pg";
import { openChangeFeed, type ChangeFeed } from "./change-feed.server";
import { changeChannel, toPayload, type Change } from "./change";
import { dropClock, readClock } from "./clock.server";
import { checkServer, makePool, makePrisma, stepTimeoutMs } from "./connect.server";
import type { Prisma, PrismaClient } from "./generated/client";
import { migrate } from "./migrate.server";
import { openBundled, type BundledDatabase } from "./owner.server";
import { startError } from "@/lib/env/start-error";
import { AppError } from "@/lib/kernel/errors";
import { singleton } from "@/lib/kernel/singleton";

export type { Change, ChangeTopic } from "./change";
export type { Prisma } from "./generated/client";

/** A Prisma client inside a transaction. */
export type Tx = Prisma.TransactionClient;

export interface DatabaseOptions {
  dataDir: string;
  /** Null: the bundled PostgreSQL in `dataDir`. */
  databaseUrl: string | null;
  /** False only for throw-away test servers: the bundled PostgreSQL runs without fsync. */
  durable?: boolean;
  /** Called when the bundled PostgreSQL was lost for good while running; by default the error ends the process. */
  onFatal?: (error: AppError) => void;
}

export interface DatabaseFacts {
  bundled: boolean;
  /** Names of the migrations that this start applied. */
  applied: string[];
  /** True when a PostgreSQL left behind by a killed process was taken over. */
  adopted: boolean;
  /** Plain sentences for the log. */
  warnings: string[];
}

interface Opened {
  pool: pg.Pool;
  prismaPool: pg.Pool;
  prisma: PrismaClient;
  feed: ChangeFeed;
  bundled: BundledDatabase | null;
  facts: DatabaseFacts;
}

interface Slot {
  opened: Opened | null;
  opening: Promise<Opened> | null;
}

const slot = () => singleton<Slot>("db", () => ({ opened: null, opening: null }));

interface Listeners {
  change: Set<(change: Change) => void>;
  reconnect: Set<() => void>;
}

const listenersMax = 1_000;
const listeners = () => singleton<Listeners>("db.listeners", () => ({ change: new Set(), reconnect: new Set() }));

/** Calls every handler; one that throws never keeps the others from hearing. */
function emit<Args extends unknown[]>(handlers: Iterable<(...args: Args) => void>, ...args: Args): void {
  for (const handler of handlers) {
    try {
      handler(...args);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  }
}

async function judgeDurability(url: string, bundled: boolean, durable: boolean): Promise<string[]> {
  const facts = await checkServer(url);
  const weak = !facts.fsync ? "fsync is off" : facts.synchronousCommit === "off" ? "synchronous_commit is off" : null;
  if (weak === null || !durable) return [];
  if (bundled) throw startError(`The bundled PostgreSQL is not durable: ${weak}. Remove that setting from its folder.`);
  return [`The database is not durable: ${weak}. A crash of its machine can lose counted calls and their records.`];
}

async function connect(url: string, bundled: BundledDatabase | null, durable: boolean): Promise<Opened> {
  const warnings = await judgeDurability(url, bundled !== null, durable);
  const applied = await migrate(url);
  const feed = await openChangeFeed(url, {
    change: (change) => emit(listeners().change, change),
    reconnect: () => emit(listeners().reconnect),
  });
  const prismaPool = makePool(url, "prisma");
  const facts = { bundled: bundled !== null, applied, adopted: bundled?.server.adopted ?? false, warnings };
  return { pool: makePool(url, "pool"), prismaPool, prisma: makePrisma(prismaPool), feed, bundled, facts };
}

async function open(options: DatabaseOptions): Promise<Opened> {
  const durable = options.durable ?? true;
  if (options.databaseUrl !== null) return connect(options.databaseUrl, null, durable);
  const endProcess = (error: AppError) => {
    setImmediate(() => {
      throw error;
    });
  };
  const bundled = await openBundled(options.dataDir, { durable, onFatal: options.onFatal ?? endProcess });
  try {
    return await connect(bundled.url, bundled, durable);
  } catch (error) {
    await bundled.close();
    throw error;
  }
}

/**
 * Boots the bundled PostgreSQL, or connects to `databaseUrl`, migrates, and makes `prisma()`, `pool()` and the change feed usable, for
 * both bundles of this process. A second call returns the first one's facts. Throws `start_failed` with an exit code (75: the data
 * folder belongs to another process).
 */
export async function openDatabase(options: DatabaseOptions): Promise<DatabaseFacts> {
  const here = slot();
  if (here.opened) return here.opened.facts;
  here.opening ??= open(options)
    .then((opened) => (here.opened = opened))
    .finally(() => (here.opening = null));
  return (await here.opening).facts;
}

/**
 * Closes every connection and stops the bundled PostgreSQL (fast shutdown). Waits at most 1.5 s for connections still in use, and for
 * an `openDatabase` that is still at it.
 */
export async function closeDatabase(): Promise<void> {
  const here = slot();
  const opened = here.opened ?? (await here.opening?.catch(() => null));
  if (!opened) return;
  here.opened = null;
  dropClock();
  const ends = [opened.feed.close(), opened.prisma.$disconnect(), opened.prismaPool.end(), opened.pool.end()];
  await Promise.race([Promise.allSettled(ends), wait(stepTimeoutMs, undefined, { ref: false })]);
  await opened.bundled?.close();
}

function opened(): Opened {
  const found = slot().opened;
  if (!found) throw new Error("The database is not open: openDatabase() comes first.");
  return found;
}

/** Prisma's client on its own pool of ten. Each step fails within 1.5 s when the database is dead. */
export function prisma(): PrismaClient {
  return opened().prisma;
}

/** Plain pg, a pool of ten. Each step fails within 1.5 s when the database is dead; a longer read passes its own `query_timeout`. */
export function pool(): pg.Pool {
  return opened().pool;
}

/** Runs `fn` in one transaction, all or nothing; at most 1.5 s to begin and 5 s in all. A throw rolls back. */
export async function transaction<T>(fn: (tx: Tx) => Promise<T>): Promise<T> {
  return prisma().$transaction(fn);
}

/**
 * Tells every process about a change, when and only when the transaction of `tx` commits. Also takes a pg connection or pool.
 * PostgreSQL commits notifying transactions one after the other, so the hot path publishes outside its own transaction, throttled.
 */
export async function publishChange(tx: Tx | pg.ClientBase | pg.Pool, change: Change): Promise<void> {
  const payload = toPayload(change);
  if ("$executeRaw" in tx) await tx.$executeRaw`SELECT pg_notify(${changeChannel}, ${payload})`;
  else await tx.query("SELECT pg_notify($1, $2)", [changeChannel, payload]);
}

function subscribe<Handler>(handlers: Set<Handler>, handler: Handler): () => void {
  if (handlers.size >= listenersMax) throw new Error("Too many change handlers: one of them is never removed.");
  handlers.add(handler);
  return () => void handlers.delete(handler);
}

/** Calls `handler` for every change of any process, this one included. Returns the function that ends it. Works before the database is open. */
export function onChange(handler: (change: Change) => void): () => void {
  return subscribe(listeners().change, handler);
}

/** Calls `handler` after the change feed was lost and is back: changes in between were not heard, so drop caches. */
export function onReconnect(handler: () => void): () => void {
  return subscribe(listeners().reconnect, handler);
}

/** The database's clock, in milliseconds; the one clock that all replicas share. */
export async function databaseNow(): Promise<Date> {
  const { rows } = await pool().query<{ now: Date }>("SELECT clock_timestamp() AS now");
  const now = rows[0]?.now;
  if (!now) throw new Error("The database gave no time.");
  return now;
}

/**
 * The same clock without asking each time: its last reading (at most ten seconds old, or being renewed) plus the time that passed
 * since. Throws `ledger_unavailable` when there is no reading yet and the database does not answer.
 */
export async function databaseTime(): Promise<Date> {
  return readClock(databaseNow).catch((cause: unknown) => {
    throw new AppError("ledger_unavailable", { detail: "database clock", cause });
  });
}
