import "server-only";
import { access, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { closeDatabase, openDatabase } from "@/lib/db/db.server";
import { startError } from "@/lib/env/start-error";
import { isAppError } from "@/lib/kernel/errors";

/** Everything that this product puts into its data folder. */
const ours = /^(postgresql(\.new-\d+)?|vault\.keys|spool)$/;

/**
 * Empties the data folder. Refuses when it holds anything that is not ours, when another process uses it, and for a database of
 * the operator's own; nothing is removed then.
 */
export async function emptyDataFolder(
  where: { dataDir: string; databaseUrl: string | null },
  note: (text: string) => void,
): Promise<void> {
  const { dataDir, databaseUrl } = where;
  if (databaseUrl !== null) throw startError("--reset empties the bundled database only; DATABASE_URL is set.");
  const names = await readdir(dataDir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw startError(`The data folder ${dataDir} cannot be read: ${error.code ?? error.message}.`);
  });
  const foreign = names.filter((name) => !ours.test(name));
  if (foreign.length > 0) {
    const some = foreign.slice(0, 3).join(", ");
    throw startError(`${dataDir} was not emptied: it holds things that PolicyLayer did not put there (${some}).`);
  }
  await stopServerOf(dataDir);
  for (const name of names) await rm(path.join(dataDir, name), { recursive: true, force: true });
  note(names.length === 0 ? "was empty" : dataDir);
}

/**
 * A PostgreSQL that a killed process left behind is adopted and stopped; one that is in use makes the start fail. Data that cannot
 * be opened any more is no reason to keep it, as long as its server is gone.
 */
async function stopServerOf(dataDir: string): Promise<void> {
  const marker = path.join(dataDir, "postgresql", "cluster", "postmaster.pid");
  if (!(await exists(marker))) return;
  try {
    await openDatabase({ dataDir, databaseUrl: null });
  } catch (error) {
    if ((isAppError(error) && error.code === "data_folder_in_use") || (await exists(marker))) throw error;
  } finally {
    await closeDatabase();
  }
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
