import "server-only";
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { startError } from "@/lib/env/start-error";

const run = promisify(execFile);

/** The operating-system account that PostgreSQL runs as. */
export interface Account {
  uid: number;
  gid: number;
}

const name = "postgres";

async function findAccount(): Promise<Account | null> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
    return { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) };
  } catch {
    return null;
  }
}

async function createAccount(): Promise<void> {
  try {
    await run("useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name]);
  } catch (error) {
    throw startError(
      `PostgreSQL refuses to run as root, and the account "${name}" could not be made. ` +
        "Start as an ordinary user, create that account, or set DATABASE_URL.",
      error,
    );
  }
}

/**
 * The account to start PostgreSQL with: null for an ordinary user (run as oneself), otherwise `postgres`, made when it is missing,
 * because PostgreSQL refuses to run as root.
 */
export async function serverAccount(): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const found = await findAccount();
  if (found) return found;
  await createAccount();
  const made = await findAccount();
  if (!made) throw startError(`The account "${name}" was made but cannot be found. Set DATABASE_URL instead.`);
  return made;
}

function mayTraverse(mode: number, uid: number, gid: number, account: Account): boolean {
  if (uid === account.uid) return (mode & 0o100) !== 0;
  if (gid === account.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}

/** The first existing folder on the way to `target` that `account` may not pass through, or null. */
export async function findBarrier(target: string, account: Account): Promise<string | null> {
  const parts = path.resolve(target).split(path.sep);
  for (let length = 1; length <= parts.length; length += 1) {
    const folder = parts.slice(0, length).join(path.sep) || path.sep;
    const seen = await stat(folder).catch(() => null);
    if (seen === null) return null;
    if (!mayTraverse(seen.mode, seen.uid, seen.gid, account)) return folder;
  }
  return null;
}
