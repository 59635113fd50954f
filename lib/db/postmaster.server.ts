import "server-only";
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What `postmaster.pid` says. Lines: PostgreSQL source, src/include/utils/pidfile.h. */
export interface Postmaster {
  pid: number;
  port: number | null;
  ready: boolean;
}

const fileOf = (cluster: string) => path.join(cluster, "postmaster.pid");

/** The server that `postmaster.pid` names, alive or not; null without a file. */
export async function findPostmaster(cluster: string): Promise<Postmaster | null> {
  const text = await readFile(fileOf(cluster), "utf8").catch(() => null);
  if (text === null) return null;
  const lines = text.split("\n");
  const pid = Math.abs(Number.parseInt(lines[0] ?? "", 10));
  if (!Number.isSafeInteger(pid) || pid === 0) return null;
  const port = Number.parseInt(lines[3] ?? "", 10);
  return { pid, port: Number.isSafeInteger(port) ? port : null, ready: (lines[7] ?? "").trim() === "ready" };
}

/** True while a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function commandOf(pid: number): Promise<string> {
  if (process.platform === "linux") {
    const text = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    return text.replaceAll("\0", " ");
  }
  const { stdout } = await run("ps", ["-o", "command=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
  return stdout;
}

/** True when the living process `pid` is a PostgreSQL on this cluster, and not a stranger that was given a dead server's id. */
export async function isServerOf(pid: number, cluster: string): Promise<boolean> {
  if (process.platform === "win32") return true;
  const command = await commandOf(pid);
  return command.includes("postgres") && command.includes(cluster);
}

/**
 * Makes a left-over `postmaster.pid` whose id now belongs to a stranger harmless: it gets our own id. PostgreSQL ignores its
 * parent's id there and goes on to its shared-memory check, which deleting the file would skip (source: CreateLockFile in miscinit.c).
 */
export async function disownPostmasterFile(cluster: string): Promise<void> {
  const text = await readFile(fileOf(cluster), "utf8");
  await writeFile(fileOf(cluster), text.replace(/^-?\d+/, String(process.pid)));
}
