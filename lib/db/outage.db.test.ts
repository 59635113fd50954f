import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePool, makePrisma, withClient } from "./connect.server";
import { onChange, onReconnect, pool, prisma, publishChange, transaction, type Change } from "./db.server";
import { isUnavailable, isUniqueViolation } from "./failure";
import { openTestDatabase, type TestDatabase } from "@/lib/testing/database";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(async () => database.close());

async function caught(work: () => Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const from = performance.now();
  const error: unknown = await work().then(
    () => null,
    (reason: unknown) => reason,
  );
  return { error, ms: performance.now() - from };
}

/** A server that accepts and never says a word, as a frozen database or a swallowed packet looks. */
async function openSilence(): Promise<{ url: string; close: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { url: `postgresql://nobody@127.0.0.1:${port}/nothing`, close };
}

test("Q4 a silent database fails within 1.5 s for pg and Prisma, and is known as unavailable", async () => {
  const silence = await openSilence();
  const dead = makePool(silence.url, "test");
  const client = makePrisma(dead);
  const runs = await Promise.all([
    caught(async () => dead.query("SELECT 1")),
    caught(async () => client.organisation.findFirst()),
    caught(async () => client.$transaction(async (tx) => tx.organisation.count())),
  ]);
  silence.close();
  await client.$disconnect();
  await dead.end();
  expect(runs.map(({ error }) => isUnavailable(error))).toEqual([true, true, true]);
  for (const { ms } of runs) expect(ms).toBeLessThan(1_900);
});

test("Q4 a refused connection is known as unavailable at once", async () => {
  const dead = makePool("postgresql://nobody@127.0.0.1:1/nothing", "test");
  const runs = [
    await caught(async () => dead.query("SELECT 1")),
    await caught(async () => makePrisma(dead).organisation.findFirst()),
  ];
  expect(runs.map(({ error }) => isUnavailable(error))).toEqual([true, true]);
});

test("Q4 a locked table ends the statement within 1.5 s, and the pool goes on", async () => {
  await withClient(database.url, "locker", async (locker) => {
    await locker.query("BEGIN; LOCK TABLE organisation IN ACCESS EXCLUSIVE MODE");
    const runs = await Promise.all([
      caught(async () => pool().query("SELECT * FROM organisation")),
      caught(async () => prisma().organisation.findFirst()),
    ]);
    expect(runs.map(({ error }) => isUnavailable(error))).toEqual([true, true]);
    for (const { ms } of runs) expect(ms).toBeLessThan(1_900);
  });
  expect(await prisma().organisation.count()).toBe(0);
});

test("Q4 connections cut by the server are replaced, and the change feed comes back and says so", async () => {
  const back = new Promise<void>((resolve) => onReconnect(resolve));
  await withClient(database.url, "killer", (client) =>
    client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name ~ '^policylayer (changes|pool|prisma)'`,
    ),
  );
  await back;
  const heard = new Promise<Change>((resolve) => onChange(resolve));
  const change = { topic: "policies", orgId: randomUUID(), id: "after" } as const;
  await transaction(async (tx) => publishChange(tx, change));
  expect(await heard).toEqual(change);
  expect((await pool().query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
});

test("a transaction that is cut off leaves nothing behind", async () => {
  const id = randomUUID();
  const { error } = await caught(async () =>
    transaction(async (tx) => {
      await tx.organisation.create({ data: { id, name: "half" } });
      await tx.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`;
    }),
  );
  expect(isUnavailable(error)).toBe(true);
  expect(await prisma().organisation.findUnique({ where: { id } })).toBeNull();
});

test("a broken unique constraint is told apart, from pg and from Prisma", async () => {
  const data = { id: randomUUID(), email: "a@example.com", name: "A" };
  await prisma().user.create({ data });
  const again = { ...data, id: randomUUID() };
  const runs = [
    await caught(async () => prisma().user.create({ data: again })),
    await caught(async () =>
      pool().query("INSERT INTO app_user (id, email, name) VALUES ($1, $2, 'A')", [again.id, data.email]),
    ),
  ];
  expect(runs.map(({ error }) => isUniqueViolation(error))).toEqual([true, true]);
  expect(runs.map(({ error }) => isUnavailable(error))).toEqual([false, false]);
});
