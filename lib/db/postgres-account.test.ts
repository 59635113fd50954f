import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findBarrier } from "./postgres-account.server";

const stranger = { uid: 64_321, gid: 64_321 };
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "policylayer-barrier-"));
  await mkdir(path.join(folder, "data"));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

test("a folder that the server's account may not pass through is named", async () => {
  await chmod(folder, 0o700);
  expect(await findBarrier(path.join(folder, "data"), stranger)).toBe(folder);
});

test("folders that let others pass are no barrier, nor are ones still to be made", async () => {
  await chmod(folder, 0o711);
  await chmod(path.join(folder, "data"), 0o755);
  expect(await findBarrier(path.join(folder, "data", "new", "er"), stranger)).toBeNull();
});
