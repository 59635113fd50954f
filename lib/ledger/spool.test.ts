import { appendFile, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { neverSent } from "./settlement";
import { FileSpool } from "./spool.server";

let folder: string;
const failures: unknown[] = [];
const spoolOf = (owner: string) =>
  new FileSpool(path.join(folder, "spool"), owner, (error) => void failures.push(error));
const id = (n: number) => `00000000-0000-4000-8000-00000000000${String(n)}`;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "ledger-spool-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  expect(failures.splice(0)).toEqual([]);
});

test("the next process takes over what a killed one left, a torn last line excepted", async () => {
  const [killed, next] = [spoolOf("a"), spoolOf("b")];
  killed.append([neverSent(id(1), id(2)), neverSent(id(1), id(3))]);
  killed.append([neverSent(id(1), id(4))]);
  await killed.idle();
  const file = path.join(folder, "spool", "a.outcomes");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await appendFile(file, '{"decisionId":"0000');
  expect((await next.adopt()).map((one) => one.decisionId)).toEqual([id(2), id(3), id(4)]);
  expect(await readdir(path.join(folder, "spool"))).toEqual(["b.outcomes"]);
  expect((await readFile(path.join(folder, "spool", "b.outcomes"), "utf8")).trim().split("\n")).toHaveLength(3);
  next.clear();
  await next.idle();
  expect(await readdir(path.join(folder, "spool"))).toEqual([]);
});

test("a process that dies while it takes over leaves everything to the one after it", async () => {
  const killed = spoolOf("a");
  killed.append([neverSent(id(1), id(2))]);
  await killed.idle();
  await spoolOf("b").adopt();
  expect(await spoolOf("c").adopt()).toHaveLength(1);
});

test("without a folder there is nothing to take over", async () => {
  expect(await spoolOf("a").adopt()).toEqual([]);
});
