import { startError } from "@/lib/env/start-error";

/** A migration of this release. `checksum` is the SHA-256 of its SQL, hex, as Prisma writes it into `_prisma_migrations`. */
export interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/** A row of `_prisma_migrations` that was not rolled back. */
export interface AppliedMigration {
  name: string;
  checksum: string;
  finished: boolean;
}

export interface MigrationPlan {
  pending: string[];
  /** Begun by a process that died: to be settled before anything is applied. */
  unfinished: string[];
}

/**
 * What is left to do. Throws `start_failed` when the database is ahead of this release or was made by an altered migration:
 * going on would write into tables of an unknown shape.
 */
export function planMigrations(known: readonly Migration[], applied: readonly AppliedMigration[]): MigrationPlan {
  const byName = new Map(known.map((migration) => [migration.name, migration]));
  const newer = applied.filter((row) => !byName.has(row.name));
  if (newer.length > 0) {
    throw startError(
      `The database was migrated by a newer release (it has ${newer.map((row) => row.name).join(", ")}). ` +
        "Start that release, or restore a backup made before the upgrade.",
    );
  }
  const edited = applied.filter((row) => row.finished && byName.get(row.name)?.checksum !== row.checksum);
  if (edited.length > 0) {
    throw startError(
      `Migration ${edited.map((row) => row.name).join(", ")} was changed after this database was made with it. ` +
        "Restore the file, or start with a new data folder.",
    );
  }
  const finished = new Set(applied.filter((row) => row.finished).map((row) => row.name));
  const unfinished = applied.filter((row) => !row.finished && !finished.has(row.name)).map((row) => row.name);
  return { pending: known.map((migration) => migration.name).filter((name) => !finished.has(name)), unfinished };
}
