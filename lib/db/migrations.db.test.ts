import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withClient } from "./connect.server";
import { handWritten } from "./hand-written";
import { migrate, readDatamodel, readMigrations, toMigrationList } from "./migrate.server";
import { missingSql } from "./schema-diff.server";
import { everything, withSchemaEngine } from "./schema-engine.server";
import { createTestDatabase } from "@/lib/testing/database";
import { startDatabaseProcess } from "@/lib/testing/database-process";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => database.drop());

type Row = Record<string, unknown>;
const query = async (sql: string, url = database.url) =>
  withClient(url, "test", async (client) => (await client.query<Row>(sql)).rows);

const names = async (sql: string) => (await query(sql)).map((row) => row["name"]).sort();

describe("schema", () => {
  test("schema.prisma and the migrations agree, but for the named hand-written parts", async () => {
    expect(await missingSql(database.url, await readDatamodel())).toBe("");
  });

  test("a table that only schema.prisma has is found", async () => {
    const datamodel = `${await readDatamodel()}\nmodel Extra {\n  id String @id @db.Uuid\n  @@map("extra")\n}\n`;
    expect(await missingSql(database.url, datamodel)).toContain('CREATE TABLE "extra"');
  });

  test("the hand-written parts of the database are exactly the named ones", async () => {
    const inPublic = "(SELECT oid FROM pg_namespace WHERE nspname = 'public')";
    expect({
      checks: await names(
        `SELECT conname AS name FROM pg_constraint WHERE contype = 'c' AND connamespace = ${inPublic}`,
      ),
      partialIndexes: await names(
        "SELECT indexname AS name FROM pg_indexes WHERE schemaname = 'public' AND indexdef ~ ' WHERE '",
      ),
      functions: await names(`SELECT proname AS name FROM pg_proc WHERE pronamespace = ${inPublic}`),
      triggers: await names("SELECT tgname AS name FROM pg_trigger WHERE NOT tgisinternal"),
    }).toEqual(handWritten);
  });

  test("every migration ends by writing its own name, which a start after a kill relies on", async () => {
    for (const { name, sql } of await readMigrations()) {
      expect(sql.trimEnd().split("\n").at(-1)).toBe(`COMMENT ON TABLE "organisation" IS 'migrated to ${name}';`);
    }
  });
});

describe("append-only", () => {
  const org = randomUUID();
  beforeAll(async () => {
    await query(
      `INSERT INTO decision_log (org_id, seq, kind, decision_id, at, record, prev_hash, hash)
       VALUES ('${org}', 1, 'decision', '${org}', now(), '{}', '', 'h')`,
    );
    await query(
      `INSERT INTO admin_audit (org_id, seq, at, action, object, record, prev_hash, hash)
       VALUES ('${org}', 1, now(), 'a', 'o', '{}', '', 'h')`,
    );
  });

  const tables = ["decision_log", "admin_audit"];
  const changes = (table: string) => [`UPDATE ${table} SET hash = 'x'`, `DELETE FROM ${table}`, `TRUNCATE ${table}`];

  test.each(tables.flatMap(changes))("L7 %s is refused, even with ordinary triggers switched off", async (sql) => {
    await expect(query(sql)).rejects.toThrow("append-only");
    await expect(query(`SET session_replication_role = replica; ${sql}`)).rejects.toThrow("append-only");
  });

  test.each(["-1", "'NaN'", "'Infinity'"])("Q12 a counter of %s is refused by the database itself", async (used) => {
    const insert = `INSERT INTO counter (org_id, key, window_start, window_end, grant_id, policy_id, name, used)
      VALUES ('${org}', 'k', now(), now() + interval '1 day', '${org}', '${org}', 'n', ${used})`;
    await expect(query(insert)).rejects.toThrow("counter_used_range");
  });
});

describe("applying", () => {
  async function withDatabase(work: (url: string) => Promise<void>): Promise<void> {
    const copy = await createTestDatabase();
    await work(copy.url).finally(copy.drop);
  }
  const empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
  const applied =
    "SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL";
  const unfinish = "UPDATE _prisma_migrations SET finished_at = NULL, applied_steps_count = 0";

  test("O5 two processes that migrate an empty database at once apply each migration once", async () =>
    withDatabase(async (url) => {
      await query(empty, url);
      const both = [startDatabaseProcess({ databaseUrl: url }), startDatabaseProcess({ databaseUrl: url })];
      const answers = await Promise.all(both.map(async (one) => one.first));
      expect(answers.map((answer) => answer.kind)).toEqual(["open", "open"]);
      const known = (await readMigrations()).map(({ name }) => name);
      expect(answers.flatMap((answer) => answer.applied ?? [])).toEqual(known);
      expect((await query(applied, url)).map((row) => row["name"])).toEqual(known);
      await Promise.all(both.map(async (one) => one.close()));
    }));

  test("O5 a database that is up to date is left alone", async () => expect(await migrate(database.url)).toEqual([]));

  test("O5 a database of a newer release is refused", async () =>
    withDatabase(async (url) => {
      await query(
        "UPDATE _prisma_migrations SET migration_name = '9999_future' WHERE migration_name = '0001_first'",
        url,
      );
      await expect(migrate(url)).rejects.toThrow("migrated by a newer release (it has 9999_future)");
    }));

  test("O5 a migration that committed before its process was killed counts as applied", async () =>
    withDatabase(async (url) => {
      await query(unfinish, url);
      expect(await migrate(url)).toEqual([]);
      expect(await query(applied, url)).toHaveLength((await readMigrations()).length);
      expect(await migrate(url)).toEqual([]);
    }));

  test("O5 a migration whose process was killed before its commit is applied again", async () =>
    withDatabase(async (url) => {
      const tables =
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'";
      const rows = await query(tables, url);
      await query(unfinish, url);
      await query(`DROP TABLE ${rows.map((row) => `"${String(row["name"])}"`).join(", ")} CASCADE`, url);
      await query("DROP FUNCTION refuse_change; DROP TYPE role; DROP TYPE reservation_state", url);
      expect(await migrate(url)).toEqual((await readMigrations()).map(({ name }) => name));
      expect(await query(tables, url)).toHaveLength(rows.length);
    }));

  test("O5 a script that fails half-way leaves nothing behind", async () =>
    withDatabase(async (url) => {
      const script =
        "CREATE TABLE half (id int); CREATE FUNCTION half() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$; SELECT 1/0;";
      const list = toMigrationList([...(await readMigrations()), { name: "9999_broken", sql: script, checksum: "" }]);
      const run = withSchemaEngine(url, await readDatamodel(), async (engine) =>
        engine.applyMigrations({ migrationsList: list, filters: everything }),
      );
      await expect(run).rejects.toThrow("division by zero");
      expect(await query("SELECT to_regclass('half')::text AS found", url)).toEqual([{ found: null }]);
    }));
});
