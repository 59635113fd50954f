import "server-only";
import { setTimeout as wait } from "node:timers/promises";
import { pool } from "@/lib/db/db.server";
import { singleton } from "@/lib/kernel/singleton";
import { subkey } from "@/lib/vault/vault.server";

const answerWithinMs = 2000;
/** One check a second at most, however often it is asked. */
const freshMs = 1000;

const last = singleton<{ at: number; failing: Promise<readonly string[]> | null }>("readiness", () => ({
  at: 0,
  failing: null,
}));

/** Names the parts that do not work: `database` (a durable write), `vault` (no key). Answers within 2 s. */
export function failingParts(): Promise<readonly string[]> {
  const now = performance.now();
  if (last.failing && now - last.at < freshMs) return last.failing;
  last.at = now;
  last.failing = check();
  return last.failing;
}

async function check(): Promise<readonly string[]> {
  const checks = { database: writeDatabase, vault: deriveKey };
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, work]) => {
      const late = wait(answerWithinMs, false, { ref: false });
      return (await Promise.race([work().catch(() => false), late])) ? null : name;
    }),
  );
  return results.filter((name) => name !== null);
}

/** A commit that must reach the disk, without a table: a message in the write-ahead log (PostgreSQL manual, section 9.28.6). */
async function writeDatabase(): Promise<boolean> {
  await pool().query("select pg_logical_emit_message(true, 'policylayer', 'ready')");
  return true;
}

/** Throws while the vault has no key. */
async function deriveKey(): Promise<boolean> {
  return subkey("readiness").key.length > 0;
}
