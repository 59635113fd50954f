import "server-only";
import type pg from "pg";
import { abandoned } from "./settlement";
import type { Settlement } from "./settlement";

export interface LeaseTimes {
  heartbeatMs: number;
  expiryMs: number;
  /** A reservation older than this is given up even while its process lives: the longest call that a server may be set to, plus a minute. */
  overdueMs: number;
}

export const leaseTimes: LeaseTimes = { heartbeatMs: 5_000, expiryMs: 15_000, overdueMs: 660_000 };

/** Reservations swept at once; the rest waits for the next tick. */
const sweepMax = 500;

const BEAT = `
INSERT INTO replica_lease (id, heartbeat_at, expires_at)
VALUES ($1, clock_timestamp(), clock_timestamp() + $2 * interval '1 millisecond')
ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, expires_at = excluded.expires_at`;

const END = "DELETE FROM replica_lease WHERE id = $1";

/** Leases of processes that died a day ago; a reservation without a lease row counts as orphaned. */
const PRUNE = "DELETE FROM replica_lease WHERE expires_at < clock_timestamp() - interval '1 day'";

const FIND_ORPHANS = `
SELECT r.id, r.org_id, l.id IS NULL OR l.expires_at < clock_timestamp() AS orphaned
FROM reservation r LEFT JOIN replica_lease l ON l.id = r.lease_id
WHERE r.state = 'sent' AND (l.id IS NULL OR l.expires_at < clock_timestamp()
  OR r.created_at < clock_timestamp() - $1 * interval '1 millisecond')
ORDER BY r.created_at LIMIT $2`;

/** Says that this process lives. Without a beat for `expiryMs`, others sweep its sent calls to in doubt. */
export async function beat(pool: pg.Pool, leaseId: string, times: LeaseTimes): Promise<void> {
  await pool.query(BEAT, [leaseId, times.expiryMs]);
}

/** Gives the lease back; calls that are still sent become in doubt at once. */
export async function endLease(pool: pg.Pool, leaseId: string): Promise<void> {
  await pool.query(END, [leaseId]);
}

/** Sent calls that nobody will settle any more: their process is gone, or they are older than any call may last. At most 500. */
export async function findOrphans(pool: pg.Pool, times: LeaseTimes): Promise<Settlement[]> {
  await pool.query(PRUNE);
  const { rows } = await pool.query<{ id: string; org_id: string; orphaned: boolean }>(FIND_ORPHANS, [
    times.overdueMs,
    sweepMax,
  ]);
  return rows.map((row) => abandoned(row.org_id, row.id, row.orphaned ? "lease_lost" : "overdue"));
}
