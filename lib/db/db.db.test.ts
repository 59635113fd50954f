import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { databaseNow, onChange, pool, prisma, publishChange, transaction, type Change } from "./db.server";
import { openTestDatabase, type TestDatabase } from "@/lib/testing/database";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(async () => database.close());

test("Prisma and pg see the same committed rows", async () => {
  const id = randomUUID();
  await transaction(async (tx) => tx.organisation.create({ data: { id, name: "Acme" } }));
  expect(await prisma().organisation.findUnique({ where: { id } })).toMatchObject({ name: "Acme" });
  const { rows } = await pool().query<{ name: string }>("SELECT name FROM organisation WHERE id = $1", [id]);
  expect(rows).toEqual([{ name: "Acme" }]);
});

test("a change is heard when its transaction commits and not when it rolls back", async () => {
  const heard: Change[] = [];
  const first = { topic: "grants", orgId: randomUUID(), id: "rolled back" } as const;
  const second = { topic: "servers", orgId: randomUUID(), id: "committed" } as const;
  const arrived = new Promise<void>((resolve) => {
    onChange((change) => {
      heard.push(change);
      resolve();
    });
  });
  await expect(
    transaction(async (tx) => {
      await publishChange(tx, first);
      throw new Error("no");
    }),
  ).rejects.toThrow("no");
  await transaction(async (tx) => publishChange(tx, second));
  await arrived;
  expect(heard).toEqual([second]);
});

test("time comes from the database", async () => {
  expect(Math.abs((await databaseNow()).getTime() - Date.now())).toBeLessThan(60_000);
});
