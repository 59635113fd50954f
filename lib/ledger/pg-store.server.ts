import "server-only";
import pg from "pg";
import { genesisHash } from "@/lib/audit/chain";
import type { BatchReads, BatchState, BatchWrites } from "./batch";
import {
  counterParameters,
  familyParameters,
  guardParameters,
  lockParameters,
  sentParameters,
  toArray,
  writeParameters,
} from "./parameters";
import { toCounterRows, toFamilyRows, toGuardRows, toHeads, toNowMs, toSentRows } from "./rows";
import type { CounterResult, FamilyResult, GuardResult, HeadResult, SentResult } from "./rows";
import {
  BEGIN,
  LOCK_HEADS,
  READ_COUNTERS,
  READ_FAMILIES,
  READ_GUARDS,
  READ_SENT,
  SESSION,
  START_HEADS,
  WRITE,
} from "./sql";
import type { Statement } from "./sql";
import type { BatchStore, CommitResult } from "./store";

export interface StoreOptions {
  connection: pg.ClientConfig;
  leaseId: string;
  connectTimeoutMs: number;
  /** Time for one statement on the server; waiting for a lock is a part of it. */
  statementTimeoutMs: number;
  /** Time for one round trip as seen from here; then the connection is given up. */
  roundTripTimeoutMs: number;
}

/** A frozen process must not keep an organisation's lock. */
const idleInTransactionMs = 3_000;

/** The ledger's store on one dedicated connection, made when it is first needed and again after it was lost. */
export class PgStore implements BatchStore {
  readonly #leaseId: string;
  readonly #config: pg.ClientConfig & { pipeline: true };
  #client: pg.Client | null = null;

  constructor(options: StoreOptions) {
    this.#leaseId = options.leaseId;
    this.#config = {
      application_name: `policylayer ledger ${options.leaseId}`,
      ...options.connection,
      connectionTimeoutMillis: options.connectTimeoutMs,
      statement_timeout: options.statementTimeoutMs,
      lock_timeout: options.statementTimeoutMs,
      idle_in_transaction_session_timeout: idleInTransactionMs,
      query_timeout: options.roundTripTimeoutMs,
      keepAlive: true,
      pipeline: true,
    };
  }

  async open(reads: BatchReads): Promise<BatchState> {
    const client = this.#client ?? (await this.#connect());
    const state = await begin(client, reads);
    if (state) return state;
    await client.query("ROLLBACK");
    await run(client, START_HEADS, [toArray(reads.orgIds), genesisHash]);
    const again = await begin(client, reads);
    if (!again) throw new Error("a chain head is missing although it was just made");
    return again;
  }

  /** The write and its COMMIT leave together: after a failed write, PostgreSQL answers COMMIT with ROLLBACK. */
  async commit(writes: BatchWrites): Promise<CommitResult> {
    const client = this.#client;
    if (!client) throw new Error("commit without open");
    const values = writeParameters(writes, this.#leaseId);
    const [written, committed] = await Promise.allSettled(
      together(client, () => [run(client, WRITE, values), client.query("COMMIT")] as const),
    );
    if (committed.status === "fulfilled") {
      if (committed.value.command === "COMMIT") return { kind: "committed" };
      return { kind: "rolled_back", cause: written.status === "rejected" ? written.reason : null };
    }
    const cause: unknown = committed.reason;
    return { kind: isRefusal(cause) ? "rolled_back" : "unknown", cause };
  }

  abandon(): void {
    const client = this.#client;
    this.#client = null;
    if (client) void client.end().catch(() => undefined);
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client(this.#config);
    const lost = () => {
      if (this.#client === client) this.#client = null;
    };
    client.on("error", lost);
    client.on("end", lost);
    try {
      await client.connect();
      await client.query(SESSION);
    } catch (error) {
      void client.end().catch(() => undefined);
      throw error;
    }
    this.#client = client;
    return client;
  }
}

function run<R extends pg.QueryResultRow>(client: pg.Client, statement: Statement, values: string[]) {
  return client.query<R>({ ...statement, values });
}

/**
 * One round trip: the statements are sent together and run one after the other, each with a snapshot of its own taken after the
 * locks were got. Null when a chain head does not exist yet.
 */
async function begin(client: pg.Client, reads: BatchReads): Promise<BatchState | null> {
  const [, heads, guards, counters, families, sent] = await Promise.all(
    together(
      client,
      () =>
        [
          client.query(BEGIN),
          run<HeadResult>(client, LOCK_HEADS, lockParameters(reads)),
          reads.guards.length > 0 ? run<GuardResult>(client, READ_GUARDS, guardParameters(reads)) : none,
          reads.counters.length > 0 ? run<CounterResult>(client, READ_COUNTERS, counterParameters(reads)) : none,
          reads.families.length > 0 ? run<FamilyResult>(client, READ_FAMILIES, familyParameters(reads)) : none,
          reads.settlements.length > 0 ? run<SentResult>(client, READ_SENT, sentParameters(reads)) : none,
        ] as const,
    ),
  );
  if (heads.rows.length < reads.orgIds.length) return null;
  return {
    nowMs: toNowMs(heads.rows),
    heads: toHeads(heads.rows),
    guards: toGuardRows(reads, guards.rows),
    counters: toCounterRows(reads, counters.rows, sent.rows),
    families: toFamilyRows(reads, families.rows),
    sent: toSentRows(sent.rows),
  };
}

const none = Promise.resolve({ rows: [] });

/** Sends several statements in one packet. */
function together<T>(client: pg.Client, send: () => T): T {
  const { stream } = client.connection;
  stream.cork();
  try {
    return send();
  } finally {
    stream.uncork();
  }
}

/** True when the server itself refused the statement and stays in touch; FATAL and worse leave open what became of a commit. */
function isRefusal(cause: unknown): boolean {
  return cause instanceof pg.DatabaseError && cause.severity === "ERROR";
}
