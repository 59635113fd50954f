import { randomBytes } from "node:crypto";
import os from "node:os";
import { inject } from "vitest";
import { withClient } from "@/lib/db/connect.server";
import { closeDatabase, openDatabase } from "@/lib/db/db.server";

/** A database of this test file's own, open for `prisma()`, `pool()` and `transaction()`. */
export interface TestDatabase {
  url: string;
  /** Closes the connections and drops the database. */
  close(): Promise<void>;
}

/** Copies the migrated template under a new name and returns its URL; for tests that open it in processes of their own. */
export async function createTestDatabase(): Promise<{ url: string; drop: () => Promise<void> }> {
  const { adminUrl, template } = inject("testServer");
  const name = template.replace(/_template$/, `_${randomBytes(6).toString("hex")}`);
  await withClient(adminUrl, "test", (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const drop = async () =>
    void (await withClient(adminUrl, "test", (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)));
  return { url: url.href, drop };
}

/**
 * Copies the migrated template for this test file and opens it. Call once in `beforeAll`, and `close()` in `afterAll`. The test server
 * runs without fsync; nothing else differs from production.
 */
export async function openTestDatabase(): Promise<TestDatabase> {
  const { url, drop } = await createTestDatabase();
  await openDatabase({ dataDir: os.tmpdir(), databaseUrl: url, durable: false });
  return {
    url,
    async close() {
      await closeDatabase();
      await drop();
    },
  };
}
