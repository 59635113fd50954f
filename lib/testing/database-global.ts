import { randomBytes } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { TestProject } from "vitest/node";
import { ensureServer, stopServer } from "@/lib/db/bundled.server";
import { prepareCluster, superuser } from "@/lib/db/cluster.server";
import { withClient } from "@/lib/db/connect.server";
import { migrate } from "@/lib/db/migrate.server";
import { isAlive } from "@/lib/db/postmaster.server";

declare module "vitest" {
  interface ProvidedContext {
    /** The test server: where to make databases, and the migrated one to copy. */
    testServer: { adminUrl: string; template: string };
  }
}

/** Names of every database made by one run begin with this, so that the run can drop them all. */
const prefixOf = (run: string) => `policylayer_test_${run}`;
const folderName = /^policylayer-test-(\d+)-/;

/** As root the server runs as another user, who cannot pass through root's own temporary folder. */
const temporary = () => (process.getuid?.() === 0 ? "/var/tmp" : os.tmpdir());

/** Stops and removes the servers of runs that were killed. */
async function sweep(): Promise<void> {
  for (const name of readdirSync(temporary())) {
    const pid = folderName.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const folder = path.join(temporary(), name);
    const cluster = await prepareCluster(folder, { sync: false }).catch(() => null);
    if (cluster) await stopServer(cluster);
    await rm(folder, { recursive: true, force: true });
  }
}

interface Server {
  adminUrl: string;
  stop(): Promise<void>;
}

async function startServer(): Promise<Server> {
  await sweep();
  const folder = await mkdtemp(path.join(temporary(), `policylayer-test-${process.pid}-`));
  await chmod(folder, 0o711);
  const cluster = await prepareCluster(folder, { sync: false });
  const { port, pid } = await ensureServer(cluster, { durable: false, port: null });
  const onExit = () => {
    if (isAlive(pid)) process.kill(pid, "SIGQUIT");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", onExit);
  return {
    adminUrl: `postgresql://${superuser}:${cluster.password}@127.0.0.1:${port}/postgres`,
    async stop() {
      await stopServer(cluster);
      await rm(folder, { recursive: true, force: true });
      process.off("exit", onExit);
    },
  };
}

async function dropAll(adminUrl: string, prefix: string): Promise<void> {
  await withClient(adminUrl, "test", async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)",
      [prefix],
    );
    for (const { name } of rows) await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
}

/** Starts one PostgreSQL for the run (or uses TEST_DATABASE_URL), and migrates the database that every test file copies. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const foreign = process.env["TEST_DATABASE_URL"];
  const server = foreign ? { adminUrl: foreign, stop: async () => undefined } : await startServer();
  const prefix = prefixOf(randomBytes(4).toString("hex"));
  const teardown = async () => {
    if (foreign) await dropAll(foreign, prefix);
    await server.stop();
  };
  try {
    const template = `${prefix}_template`;
    await withClient(server.adminUrl, "test", (client) => client.query(`CREATE DATABASE ${template}`));
    const url = new URL(server.adminUrl);
    url.pathname = `/${template}`;
    await migrate(url.href);
    project.provide("testServer", { adminUrl: server.adminUrl, template });
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}
