import "server-only";
import { pool } from "@/lib/db/db.server";
import { rescan } from "./scan.server";

/** How old a server's last scan is when its list is read again, milliseconds. */
export const scanEveryMs = 15 * 60_000;

/** Servers read at the same time. */
const atOnce = 4;

/** Servers whose tools are due, the longest waiting first; disabled ones are left alone. */
const dueSql = `SELECT id FROM server WHERE enabled
  AND (last_scan_at IS NULL OR last_scan_at < now() - make_interval(secs => $1::float8 / 1000))
  ORDER BY last_scan_at NULLS FIRST LIMIT 500`;

/**
 * Reads the tool lists of all enabled servers whose last scan is older than `olderThanMs`, so that a change is noticed even when no
 * agent lists the tools. A failure is shown on its server. Ends early when `signal` fires.
 */
export async function scanDue(signal: AbortSignal, olderThanMs: number = scanEveryMs): Promise<void> {
  const found = await pool().query<{ id: string }>(dueSql, [olderThanMs]);
  const waiting = found.rows.map(({ id }) => id);
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined && !signal.aborted; id = waiting.shift()) await rescan(id);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
