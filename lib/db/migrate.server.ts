import "server-only";
import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import type { MigrationList, SchemaEngine } from "@prisma/schema-engine-wasm";
import type pg from "pg";
import { withClient } from "./connect.server";
import { planMigrations, type AppliedMigration, type Migration } from "./migration-plan";
import { everything, withSchemaEngine } from "./schema-engine.server";
import { startError } from "@/lib/env/start-error";

/** Key of the advisory lock that one migrating process holds. */
const migrationLock = [0x706f6c79, 2];
const lockTimeoutMs = 60_000;
const lockPollMs = 100;

const prismaFolder = () => path.join(/* turbopackIgnore: true */ process.cwd(), "prisma");

/** The text of schema.prisma. */
export async function readDatamodel(): Promise<string> {
  return readFile(path.join(prismaFolder(), "schema.prisma"), "utf8");
}

/** This release's migrations in order of application. */
export async function readMigrations(): Promise<Migration[]> {
  const folder = path.join(prismaFolder(), "migrations");
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(path.join(folder, name, "migration.sql"), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

/** The folder as Prisma's engine wants it. */
export function toMigrationList(migrations: readonly Migration[]): MigrationList {
  return {
    baseDir: path.join(prismaFolder(), "migrations"),
    lockfile: { path: "migration_lock.toml", content: 'provider = "postgresql"\n' },
    migrationDirectories: migrations.map(({ name, sql }) => ({
      path: name,
      migrationFile: { path: "migration.sql", content: { tag: "ok", value: sql } },
    })),
    shadowDbInitScript: "",
  };
}

async function readApplied(client: pg.ClientBase): Promise<AppliedMigration[]> {
  const table = await client.query<{ found: string | null }>("SELECT to_regclass('_prisma_migrations')::text AS found");
  if (!table.rows[0]?.found) return [];
  const rows = await client.query<AppliedMigration>(
    "SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished FROM _prisma_migrations WHERE rolled_back_at IS NULL",
  );
  return rows.rows;
}

async function takeLock(client: pg.ClientBase): Promise<void> {
  const deadline = performance.now() + lockTimeoutMs;
  while (performance.now() < deadline) {
    const answer = await client.query<{ taken: boolean }>(
      "SELECT pg_try_advisory_lock($1, $2) AS taken",
      migrationLock,
    );
    if (answer.rows[0]?.taken) return;
    await wait(lockPollMs);
  }
  throw startError("Another process has been migrating the database for a minute. Wait for it, then start again.");
}

/** The last migration whose whole script committed: each one ends by writing its name here, inside its own transaction. */
async function lastCommitted(client: pg.ClientBase): Promise<string> {
  const sql = "SELECT coalesce(obj_description(to_regclass('organisation'), 'pg_class'), '') AS comment";
  const answer = await client.query<{ comment: string }>(sql);
  return answer.rows[0]?.comment.replace(/^migrated to /, "") ?? "";
}

/** A script is one transaction, so a migration that a killed process began either ran whole or left nothing: see which. */
async function settleUnfinished(client: pg.ClientBase, engine: SchemaEngine, names: string[], list: MigrationList) {
  const last = await lastCommitted(client);
  for (const migrationName of names) {
    if (migrationName <= last) await engine.markMigrationApplied({ migrationName, migrationsList: list });
    else await engine.markMigrationRolledBack({ migrationName });
  }
}

/**
 * Brings the database of `url` to this release's schema and returns the names applied. Safe with several processes at once (advisory
 * lock) and after a kill (each migration is one transaction). Throws `start_failed` when the database is newer than this release.
 */
export async function migrate(url: string): Promise<string[]> {
  const migrations = await readMigrations();
  return withClient(url, "migrate", async (client) => {
    const early = planMigrations(migrations, await readApplied(client));
    if (early.pending.length === 0) return [];
    await takeLock(client);
    const plan = planMigrations(migrations, await readApplied(client));
    if (plan.pending.length === 0) return [];
    const list = toMigrationList(migrations);
    return withSchemaEngine(url, await readDatamodel(), async (engine) => {
      await settleUnfinished(client, engine, plan.unfinished, list);
      const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList: list, filters: everything });
      return appliedMigrationNames;
    });
  });
}
