import "server-only";
import { singleton } from "@/lib/kernel/singleton";

interface Reading {
  /** Database time of the reading, and this process's monotonic time then; milliseconds. */
  databaseMs: number;
  atMs: number;
  isReading: boolean;
}

const freshMs = 10_000;

const reading = () =>
  singleton<Reading>("database-clock", () => ({ databaseMs: NaN, atMs: -Infinity, isReading: false }));

/**
 * The database's time now, from its last reading and the time that passed here since, so that no process's own calendar decides.
 * `read` asks the database; it runs in the background once the reading is ten seconds old, and is waited for only when there is none.
 */
export async function readClock(read: () => Promise<Date>): Promise<Date> {
  const state = reading();
  if (Number.isNaN(state.databaseMs)) await refresh(state, read);
  else if (performance.now() - state.atMs > freshMs && !state.isReading)
    void refresh(state, read).catch(() => undefined);
  return new Date(state.databaseMs + (performance.now() - state.atMs));
}

async function refresh(state: Reading, read: () => Promise<Date>): Promise<void> {
  state.isReading = true;
  try {
    const databaseMs = (await read()).getTime();
    state.databaseMs = databaseMs;
    state.atMs = performance.now();
  } finally {
    state.isReading = false;
  }
}

/** Forgets the reading, because another database may be opened next. */
export function dropClock(): void {
  const state = reading();
  state.databaseMs = NaN;
  state.atMs = -Infinity;
}
