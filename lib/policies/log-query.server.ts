import "server-only";
import { pool } from "@/lib/db/db.server";

const timeoutMs = 30_000;

/** Reads the decision log; longer than other reads may, because it counts over many days. */
export async function readLog<T extends object>(text: string, values: readonly unknown[]): Promise<T[]> {
  const config = { text, values: [...values], query_timeout: timeoutMs };
  return (await pool().query<T>(config)).rows;
}
