import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { disownPostmasterFile, findPostmaster, isAlive, isServerOf } from "./postmaster.server";

let cluster: string;
beforeEach(async () => {
  cluster = await mkdtemp(path.join(os.tmpdir(), "policylayer-postmaster-"));
});
afterEach(async () => rm(cluster, { recursive: true, force: true }));

const write = async (lines: string[]) => writeFile(path.join(cluster, "postmaster.pid"), `${lines.join("\n")}\n`);
const whole = ["4242", "/data", "1795216568", "54321", "", "127.0.0.1", "  1234  5678", "ready   "];

test("a server is known by its file: process, port, readiness", async () => {
  await write(whole);
  expect(await findPostmaster(cluster)).toEqual({ pid: 4242, port: 54_321, ready: true });
});

test("a file that is still being written says not ready", async () => {
  await write(whole.slice(0, 3));
  expect(await findPostmaster(cluster)).toEqual({ pid: 4242, port: null, ready: false });
  await write(["garbage"]);
  expect(await findPostmaster(cluster)).toBeNull();
});

test("O2 a living process that is no PostgreSQL of this folder is not taken for one", async () => {
  expect(isAlive(process.pid)).toBe(true);
  expect(await isServerOf(process.pid, cluster)).toBe(false);
});

test("O2 a disowned file names our own process, which PostgreSQL ignores, and keeps the rest", async () => {
  await write(whole);
  await disownPostmasterFile(cluster);
  expect(await findPostmaster(cluster)).toEqual({ pid: process.pid, port: 54_321, ready: true });
});
