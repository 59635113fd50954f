import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { emptyDataFolder } from "./reset.server";

let dataDir = "";
const note = () => undefined;

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(os.tmpdir(), "policylayer-reset-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

test("what is ours goes, the folder stays", async () => {
  await mkdir(path.join(dataDir, "postgresql", "cluster"), { recursive: true });
  await mkdir(path.join(dataDir, "spool"));
  await writeFile(path.join(dataDir, "vault.keys"), "1:x");
  await emptyDataFolder({ dataDir, databaseUrl: null }, note);
  expect(await readdir(dataDir)).toEqual([]);
});

test("a folder that holds anything else is left alone", async () => {
  await mkdir(path.join(dataDir, "postgresql"));
  await writeFile(path.join(dataDir, "thesis.docx"), "ten years");
  await expect(emptyDataFolder({ dataDir, databaseUrl: null }, note)).rejects.toThrow("thesis.docx");
  expect((await readdir(dataDir)).sort()).toEqual(["postgresql", "thesis.docx"]);
});

test("a folder that does not exist yet is empty", async () => {
  await emptyDataFolder({ dataDir: path.join(dataDir, "none"), databaseUrl: null }, note);
  expect(await readdir(dataDir)).toEqual([]);
});

test("the operator's own database is never emptied", async () => {
  const databaseUrl = "postgres://db.example/x";
  await expect(emptyDataFolder({ dataDir, databaseUrl }, note)).rejects.toThrow("DATABASE_URL");
});
