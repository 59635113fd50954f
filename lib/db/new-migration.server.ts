import "server-only";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ensureServer, stopServer } from "./bundled.server";
import { prepareCluster, superuser } from "./cluster.server";
import { readDatamodel, readMigrations } from "./migrate.server";
import { missingSql } from "./schema-diff.server";
import { exitCodeOf, startError } from "@/lib/env/start-error";
import { isAppError } from "@/lib/kernel/errors";

/** Runs `work` with the URL of a throw-away PostgreSQL. */
async function withScratchServer<T>(work: (url: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(
    path.join(process.getuid?.() === 0 ? "/var/tmp" : os.tmpdir(), "policylayer-migration-"),
  );
  try {
    await chmod(folder, 0o711);
    const cluster = await prepareCluster(folder, { sync: false });
    const { port } = await ensureServer(cluster, { durable: false, port: null });
    const url = `postgresql://${superuser}:${cluster.password}@127.0.0.1:${port}/postgres`;
    return await work(url).finally(async () => stopServer(cluster));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Writes the next migration from what schema.prisma has and the migrations lack, and returns its file. `empty` allows one for
 * hand-written SQL only. Throws `start_failed` when there is nothing to write.
 */
export async function writeMigration(label: string, options: { empty: boolean }): Promise<string> {
  if (!/^[a-z0-9_]+$/.test(label)) throw startError("Name the migration with a-z, 0-9 and _.");
  const datamodel = await readDatamodel();
  const sql = await withScratchServer(async (url) => missingSql(url, datamodel));
  if (sql === "" && !options.empty)
    throw startError("schema.prisma and the migrations agree; --empty writes one anyway.");
  const last = (await readMigrations()).at(-1)?.name ?? "0000";
  const name = `${String(Number.parseInt(last, 10) + 1).padStart(4, "0")}_${label}`;
  const folder = path.join(process.cwd(), "prisma", "migrations", name);
  const ending = `-- Says inside this transaction that the whole script ran; a start after a kill reads it (lib/db/migrate.server.ts).
COMMENT ON TABLE "organisation" IS 'migrated to ${name}';
`;
  await mkdir(folder);
  await writeFile(path.join(folder, "migration.sql"), `${sql}\n${ending}`);
  return path.join(folder, "migration.sql");
}

const [label, flag] = process.argv.slice(2);
try {
  const file = path.relative(process.cwd(), await writeMigration(label ?? "", { empty: flag === "--empty" }));
  process.stdout.write(`${file}\nRead it, add what Prisma cannot say, then run the tests of lib/db.\n`);
} catch (error) {
  if (!isAppError(error)) throw error;
  process.stderr.write(`${error.detail ?? error.message}\n`);
  process.exitCode = exitCodeOf(error);
}
