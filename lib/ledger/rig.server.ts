import "server-only";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { breachesOf } from "./invariants";
import { OpenLedger } from "./open-ledger.server";
import type { LedgerOptions } from "./open-ledger.server";
import { createScene, readSnapshot } from "./scene.server";

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

/** Ledgers over one test database, each with the failures that it reported. */
export class Rig {
  readonly url: string;
  readonly pool: pg.Pool;
  readonly failures: unknown[] = [];
  readonly #folder: Promise<string> = mkdtemp(path.join(os.tmpdir(), "ledger-rig-"));
  readonly #ledgers: OpenLedger[] = [];

  constructor(url: string) {
    this.url = url;
    this.pool = new pg.Pool({ connectionString: url, max: 10 });
    this.pool.on("error", () => undefined);
  }

  /** A started ledger. All share one spool folder, as restarts of one process do. */
  async open(more: Partial<LedgerOptions> = {}): Promise<OpenLedger> {
    const ledger = new OpenLedger({
      connection: { connectionString: this.url },
      pool: () => this.pool,
      spoolFolder: await this.#folder,
      onCalls: () => undefined,
      onNear: () => undefined,
      onFailure: (error) => void this.failures.push(error),
      ...more,
    });
    this.#ledgers.push(ledger);
    await ledger.start();
    return ledger;
  }

  createScene = () => createScene(this.pool);

  snapshot = (orgId: string) => readSnapshot(this.pool, orgId);

  /** Every broken invariant of the organisation, as sentences. */
  breaches = async (orgId: string) => breachesOf(await this.snapshot(orgId), digest);

  async close(): Promise<void> {
    await Promise.all(this.#ledgers.map((ledger) => ledger.stop()));
    await this.pool.end();
    await rm(await this.#folder, { recursive: true, force: true });
  }
}
