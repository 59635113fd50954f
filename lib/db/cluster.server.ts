import "server-only";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, chown, mkdir, readFile, readdir, realpath, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { findBarrier, serverAccount, type Account } from "./postgres-account.server";
import { findPrograms } from "./postgres-binaries.server";
import { makeFolder } from "./make-folder.server";
import { isAlive } from "./postmaster.server";
import { startError } from "@/lib/env/start-error";

const run = promisify(execFile);

/** The superuser of the bundled server; it has no other users. */
export const superuser = "policylayer";

/** A bundled PostgreSQL's folders, made and reachable, and how to run it. */
export interface Cluster {
  /** The data folder of the product, absolute, without symlinks. */
  dataDir: string;
  /** PostgreSQL's own data directory. */
  folder: string;
  logFile: string;
  password: string;
  programs: string;
  account: Account | null;
}

async function refuseBarrier(folder: string, account: Account | null): Promise<void> {
  const barrier = account ? await findBarrier(folder, account) : null;
  if (barrier === null) return;
  throw startError(
    `The data folder ${folder} cannot be used by the bundled PostgreSQL: as root it runs as the user "postgres", who may not ` +
      `pass through ${barrier}. Choose another POLICYLAYER_DATA_DIR, start as an ordinary user, or set DATABASE_URL.`,
  );
}

async function openDataDir(dataDir: string, account: Account | null): Promise<string> {
  await refuseBarrier(dataDir, account);
  try {
    await makeFolder(dataDir, account ? 0o711 : 0o700);
  } catch (error) {
    throw startError(`The data folder ${dataDir} cannot be made. Set POLICYLAYER_DATA_DIR.`, error);
  }
  const folder = await realpath(dataDir);
  await refuseBarrier(folder, account);
  return folder;
}

/** Removes what an initdb left behind whose process is gone. */
async function sweepStages(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    const pid = /^postgresql\.new-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && (Number(pid) === process.pid || !isAlive(Number(pid)))) {
      await rm(path.join(dataDir, name), { recursive: true, force: true });
    }
  }
}

async function initialise(cluster: string, stage: string, programs: string, account: Account | null, sync: boolean) {
  const passwordFile = path.join(stage, "initdb-password");
  const password = randomBytes(24).toString("hex");
  await mkdir(cluster, { mode: 0o700 });
  await writeFile(path.join(stage, "password"), password, { mode: 0o600 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account) {
    await chown(cluster, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }
  const flags = [`--pgdata=${cluster}`, `--username=${superuser}`, `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
  const text = [
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
  ];
  const env = { NODE_ENV: "production" as const, PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
  await run(path.join(programs, "bin", "initdb"), [...flags, ...text, ...(sync ? [] : ["--no-sync"])], {
    cwd: "/",
    ...(process.platform === "win32" ? {} : { env }),
    ...account,
  });
  await rm(passwordFile);
}

/** Makes the cluster under another name and renames it, so that it is there whole or not at all, also with two makers. */
async function createCluster(dataDir: string, home: string, programs: string, account: Account | null, sync: boolean) {
  const stage = path.join(dataDir, `postgresql.new-${process.pid}`);
  await sweepStages(dataDir);
  await makeFolder(stage, account ? 0o711 : 0o700);
  try {
    await initialise(path.join(stage, "cluster"), stage, programs, account, sync);
    await rename(stage, home).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } catch (error) {
    const stderr = (error as { stderr?: string }).stderr ?? "";
    throw startError(`The bundled PostgreSQL could not make its folder in ${dataDir}. ${stderr}`.trim(), error);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

async function checkVersion(folder: string, programs: string): Promise<void> {
  const made = (await readFile(path.join(folder, "PG_VERSION"), "utf8")).trim();
  const { stdout } = await run(path.join(programs, "bin", "postgres"), ["--version"], { cwd: "/" });
  const has = /(\d+)\./.exec(stdout)?.[1] ?? stdout.trim();
  if (made === has) return;
  throw startError(
    `The data folder was made by PostgreSQL ${made}, this release brings ${has}. ` +
      "Dump with the old release and restore into a new folder (docs/configuration.md, Backups).",
  );
}

/**
 * Makes the bundled PostgreSQL's folder in `dataDir` when it is missing, and checks that its account can reach it.
 * Throws `start_failed` with what to change. `sync: false` is for tests.
 */
export async function prepareCluster(dataDir: string, options: { sync: boolean }): Promise<Cluster> {
  const account = await serverAccount();
  const programs = await findPrograms(account);
  const root = await openDataDir(dataDir, account);
  const home = path.join(root, "postgresql");
  const folder = path.join(home, "cluster");
  const there = await access(home).then(
    () => true,
    () => false,
  );
  if (!there) await createCluster(root, home, programs, account, options.sync);
  await checkVersion(folder, programs);
  const password = (await readFile(path.join(home, "password"), "utf8")).trim();
  return { dataDir: root, folder, logFile: path.join(home, "server.log"), password, programs, account };
}
