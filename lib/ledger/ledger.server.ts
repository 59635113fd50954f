import "server-only";
import path from "node:path";
import { pool, publishChange } from "@/lib/db/db.server";
import { env } from "@/lib/env/env.server";
import { singleton } from "@/lib/kernel/singleton";
import { CallNews } from "./call-news";
import { OpenLedger } from "./open-ledger.server";
import type { Ledger } from "./types";

export { newDecisionId } from "./decision-id.server";
/** The clock that windows are cut by, for judging the time of a call. */
export { databaseTime } from "@/lib/db/db.server";

const reportEveryMs = 10_000;

interface Slot {
  ledger: OpenLedger | null;
  reportedAtMs: number;
}

const slot = () => singleton<Slot>("ledger", () => ({ ledger: null, reportedAtMs: -Infinity }));

/** One warning per ten seconds: an absent database would otherwise fill the log. */
function report(error: unknown): void {
  const here = slot();
  if (performance.now() - here.reportedAtMs < reportEveryMs) return;
  here.reportedAtMs = performance.now();
  process.emitWarning(`The ledger could not write: ${error instanceof Error ? error.message : String(error)}`);
}

/** Only the live view hangs on it; the next call announces again. A burst's last news may come after the stop. */
async function announce(topic: "calls" | "alerts", orgId: string, id: string): Promise<void> {
  try {
    await publishChange(pool(), { topic, orgId, id });
  } catch (error) {
    if (slot().ledger) report(error);
  }
}

function open(): OpenLedger {
  const news = new CallNews((orgId, id) => void announce("calls", orgId, id));
  const alerts = new CallNews((orgId, id) => void announce("alerts", orgId, id));
  return new OpenLedger({
    connection: { connectionString: pool().options.connectionString },
    pool,
    spoolFolder: path.join(env().dataDir, "spool"),
    onCalls: (orgId, id) => news.changed(orgId, id),
    onNear: (orgId, id) => alerts.changed(orgId, id),
    onFailure: report,
  });
}

/** The ledger of this process. Before `startLedger` and after `stopLedger` it answers `unavailable`. */
export function ledger(): Ledger {
  return slot().ledger ?? closed;
}

/** Starts the lease, the sweeper and the writer on the open database. Rejects when the database is away. */
export async function startLedger(): Promise<void> {
  const here = slot();
  here.ledger ??= open();
  await here.ledger.start();
}

/** Settles what is queued (at most 5 s; the rest is spooled) and gives the lease back. Call it before the database is closed. */
export async function stopLedger(): Promise<void> {
  const here = slot();
  const { ledger: running } = here;
  await running?.stop();
  if (here.ledger === running) here.ledger = null;
}

const closed: Ledger = {
  reserve: async () => ({ kind: "unavailable" }),
  record: async () => ({ kind: "unavailable" }),
  settle: () => undefined,
  drain: async () => undefined,
};
