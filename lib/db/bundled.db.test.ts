import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { stopServer } from "./bundled.server";
import { prepareCluster } from "./cluster.server";
import { findPostmaster, isServerOf } from "./postmaster.server";
import { createTestDatabase } from "@/lib/testing/database";
import { startDatabaseProcess, type DatabaseProcess } from "@/lib/testing/database-process";

let dataDir: string;
let started: DatabaseProcess[];
const clusterFolder = () => path.join(dataDir, "postgresql", "cluster");
const serverPid = async () => (await findPostmaster(clusterFolder()))?.pid ?? 0;

function start(durable = false): DatabaseProcess {
  const made = startDatabaseProcess({ dataDir, durable });
  started.push(made);
  return made;
}

beforeEach(async () => {
  started = [];
  dataDir = await mkdtemp(
    path.join(process.getuid?.() === 0 ? "/var/tmp" : os.tmpdir(), `policylayer-test-${process.pid}-`),
  );
  await chmod(dataDir, 0o711);
});

afterEach(async () => {
  await Promise.all(
    started.filter(({ child }) => child.exitCode === null && !child.killed).map(async ({ kill }) => kill()),
  );
  await stopServer(await prepareCluster(dataDir, { sync: false }));
  await rm(dataDir, { recursive: true, force: true });
});

describe("one owner", () => {
  test("O2 a second process on the same data folder refuses with exit code 75 and names folder and holder", async () => {
    const first = start();
    expect(await first.first).toMatchObject({ kind: "open", bundled: true, adopted: false });
    const second = start();
    const refusal = await second.first;
    expect(refusal).toMatchObject({ kind: "refused", exitCode: 75 });
    expect(refusal.message).toContain(dataDir);
    expect(refusal.message).toContain(`process ${first.pid}`);
    expect(await first.query("SELECT 1 AS one")).toMatchObject({ rows: [{ one: 1 }] });
    await first.close();
  });

  test("O2 of two first starts at once exactly one opens and the other is refused", async () => {
    const answers = await Promise.all([start().first, start().first]);
    expect(answers.map((answer) => answer.kind).sort()).toEqual(["open", "refused"]);
    expect(answers.find((answer) => answer.kind === "refused")?.exitCode).toBe(75);
  });
});

describe("crashes", () => {
  test("O2 a server orphaned by kill -9 is adopted with its rows", async () => {
    const first = start(true);
    await first.first;
    await first.query("CREATE TABLE kept AS SELECT 7 AS value");
    const pid = await serverPid();
    await first.kill();
    const second = start(true);
    expect(await second.first).toMatchObject({ kind: "open", adopted: true });
    expect(await serverPid()).toBe(pid);
    expect(await second.query("SELECT value FROM kept")).toMatchObject({ rows: [{ value: 7 }] });
    await second.close();
    expect(await isServerOf(pid, clusterFolder())).toBe(false);
  });

  test("O2 a left-over lock file never blocks, not even when its process id now belongs to a stranger", async () => {
    const first = start();
    await first.first;
    await first.query("CREATE TABLE kept AS SELECT 7 AS value");
    const file = path.join(clusterFolder(), "postmaster.pid");
    const leftOver = await readFile(file, "utf8");
    await first.close();
    await writeFile(file, leftOver.replace(/^\d+/, String(process.pid)), { mode: 0o600 });
    const { uid, gid } = await stat(clusterFolder());
    await chown(file, uid, gid);
    const second = start();
    expect(await second.first).toMatchObject({ kind: "open", adopted: false });
    expect(await second.query("SELECT value FROM kept")).toMatchObject({ rows: [{ value: 7 }] });
    await second.close();
  });

  test("a server that is killed under its owner is started again on the same port", async () => {
    const first = start(true);
    await first.first;
    await first.query("CREATE TABLE kept AS SELECT 7 AS value");
    const pid = await serverPid();
    process.kill(pid, "SIGQUIT");
    await vi.waitFor(async () => {
      expect(await first.query("SELECT value FROM kept")).toMatchObject({ rows: [{ value: 7 }] });
      expect(await serverPid()).not.toBe(pid);
    }, 15_000);
    expect((await start().first).exitCode).toBe(75);
    await first.close();
  });
});

test("a bundled server without fsync is refused, and a foreign one is warned about", async () => {
  const loose = start(false);
  await loose.first;
  await loose.kill();
  expect(await start(true).first).toMatchObject({
    kind: "refused",
    exitCode: 1,
    message: expect.stringContaining("fsync is off"),
  });
  const copy = await createTestDatabase();
  const foreign = startDatabaseProcess({ databaseUrl: copy.url, durable: true });
  started.push(foreign);
  expect(await foreign.first).toMatchObject({ kind: "open", warnings: [expect.stringContaining("fsync is off")] });
  await foreign.close();
  await copy.drop();
});

describe("stops", () => {
  test("rows outlive a stop and a start, and no server is left behind", async () => {
    const first = start();
    await first.first;
    await first.query("CREATE TABLE kept AS SELECT 7 AS value");
    const pid = await serverPid();
    await first.close();
    expect(await isServerOf(pid, clusterFolder())).toBe(false);
    const second = start();
    expect(await second.first).toMatchObject({ kind: "open", adopted: false, applied: [] });
    expect(await second.query("SELECT value FROM kept")).toMatchObject({ rows: [{ value: 7 }] });
    await second.close();
  });

  test("Ctrl-C on the process group does not reach the server", async () => {
    const first = start();
    await first.first;
    const pid = await serverPid();
    process.kill(-first.pid, "SIGINT");
    expect(await first.query("SELECT 1 AS one")).toMatchObject({ rows: [{ one: 1 }] });
    expect(await serverPid()).toBe(pid);
    await first.close();
  });
});
