import "server-only";
import { pool } from "@/lib/db/db.server";

/** Check values by key version. */
export async function readCheckValues(): Promise<Map<number, string>> {
  const { rows } = await pool().query<{ version: number; check_value: string }>(
    "SELECT version, check_value FROM vault_key",
  );
  return new Map(rows.map((row) => [row.version, row.check_value]));
}

/** Remembers the check value of a key that is seen for the first time; a second writer of the same version changes nothing. */
export async function writeCheckValue(version: number, value: string): Promise<void> {
  await pool().query("INSERT INTO vault_key (version, check_value) VALUES ($1, $2) ON CONFLICT (version) DO NOTHING", [
    version,
    value,
  ]);
}

/** Adds `count` to the seals of a key version and returns the new total. */
export async function countSeals(version: number, count: number): Promise<bigint> {
  const { rows } = await pool().query<{ seal_count: string }>(
    "UPDATE vault_key SET seal_count = seal_count + $2 WHERE version = $1 RETURNING seal_count::text",
    [version, count],
  );
  return BigInt(rows[0]?.seal_count ?? "0");
}
