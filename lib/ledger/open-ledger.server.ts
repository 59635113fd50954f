import "server-only";
import { createHash, hash, randomUUID } from "node:crypto";
import type pg from "pg";
import type { Digest } from "@/lib/audit/chain";
import type { Answer, Batch, Request } from "./batch";
import { beat, endLease, findOrphans, leaseTimes } from "./lease.server";
import type { LeaseTimes } from "./lease.server";
import { Outbox } from "./outbox";
import { PgStore } from "./pg-store.server";
import type { BatchPlan } from "./plan";
import { toRecord, toReserve } from "./request";
import { toSettlement } from "./settlement";
import { FileSpool } from "./spool.server";
import type { BatchStore } from "./store";
import type { Ledger, Outcome, Refusal, ReserveIntent, Ticket } from "./types";
import { Writer } from "./writer";

export interface LedgerOptions {
  /** For the writer's own connection. */
  connection: pg.ClientConfig;
  /** For leases and the sweeper. */
  pool: () => pg.Pool;
  spoolFolder: string;
  /** Called after a commit, once per organisation, with one of its calls. */
  onCalls: (orgId: string, decisionId: string) => void;
  /**
   * Called after a commit with each call that was the first of a window to bring a counter to 80 % of its cap. Not called when the
   * commit's answer was lost: `counter.near_at` and the call's record tell of it in any case.
   */
  onNear: (orgId: string, decisionId: string) => void;
  onFailure: (error: unknown) => void;
  times?: LeaseTimes;
  /** Puts something around the store; for tests of its failures. */
  around?: (store: BatchStore) => BatchStore;
}

const answerTimeoutMs = 1_800;
const store = { connectTimeoutMs: 800, statementTimeoutMs: 900, roundTripTimeoutMs: 1_000 };
const outboxMax = 10_000;
const drainTimeoutMs = 5_000;

const digest: Digest = typeof hash === "function" ? (bytes) => hash("sha256", bytes, "buffer") : slowDigest;

/** For Node below 20.12, which has no one-shot `hash`. */
function slowDigest(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

const shorten = (key: string) => `sha256:${createHash("sha256").update(key, "utf16le").digest("hex")}`;

/** A ledger over one database, with its lease, sweeper and spool. A process has one; tests open several on the same database. */
export class OpenLedger implements Ledger {
  readonly leaseId = randomUUID();
  readonly #options: LedgerOptions;
  readonly #times: LeaseTimes;
  readonly #spool: FileSpool;
  readonly #outbox: Outbox;
  readonly #store: BatchStore;
  readonly #writer: Writer;
  #heartbeat: ReturnType<typeof setInterval> | null = null;
  #stopped = false;
  #sweeping = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#times = options.times ?? leaseTimes;
    this.#spool = new FileSpool(options.spoolFolder, this.leaseId, options.onFailure);
    this.#outbox = new Outbox(outboxMax, this.#spool);
    const pgStore = new PgStore({ ...store, connection: options.connection, leaseId: this.leaseId });
    this.#store = options.around?.(pgStore) ?? pgStore;
    this.#writer = new Writer({
      store: this.#store,
      outbox: this.#outbox,
      digest,
      answerTimeoutMs,
      onCommitted: (batch, plan) => this.#announce(batch, plan),
      onFailure: options.onFailure,
    });
  }

  /** Takes the lease, takes over spooled outcomes and starts the heartbeat. Reserves are refused before. Rejects when the database is away. */
  async start(): Promise<void> {
    if (this.#heartbeat) return;
    await beat(this.#options.pool(), this.leaseId, this.#times);
    this.#outbox.hold(await this.#spool.adopt(), true);
    this.#heartbeat = setInterval(() => void this.#tick(), this.#times.heartbeatMs);
    this.#heartbeat.unref();
    this.#writer.resume();
    void this.sweep();
  }

  /** Settles what is queued, at most 5 s, then gives the lease back. What could not be written stays spooled for the next start. */
  async stop(): Promise<void> {
    if (!this.#heartbeat) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = null;
    this.#writer.close();
    await this.drain();
    this.#stopped = true;
    await endLease(this.#options.pool(), this.leaseId).catch(this.#options.onFailure);
    await this.#store.close();
    await this.#spool.idle();
  }

  async reserve(intent: ReserveIntent) {
    const answer = await this.#submit(toReserve(intent, shorten));
    return answer.kind === "recorded" ? unavailable : answer;
  }

  async record(refusal: Refusal) {
    const answer = await this.#submit(toRecord(refusal));
    return answer.kind === "recorded" ? answer : unavailable;
  }

  settle(ticket: Ticket, outcome: Outcome): void {
    if (!this.#stopped) this.#writer.settle(toSettlement(ticket, outcome));
  }

  async drain(): Promise<void> {
    await this.#writer.drain(drainTimeoutMs);
  }

  /** Marks orphaned calls as in doubt, 500 at a time. Resolves when they are queued; never rejects. */
  async sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      for (const settlement of await findOrphans(this.#options.pool(), this.#times)) this.#writer.settle(settlement);
    } catch (error) {
      this.#options.onFailure(error);
    } finally {
      this.#sweeping = false;
    }
  }

  async #tick(): Promise<void> {
    await beat(this.#options.pool(), this.leaseId, this.#times).catch(this.#options.onFailure);
    await this.sweep();
  }

  async #submit(request: Request | null): Promise<Answer> {
    if (!request || !this.#heartbeat) return unavailable;
    return this.#writer.submit(request);
  }

  #announce(batch: Batch, { near }: BatchPlan): void {
    const newest = new Map<string, string>();
    for (const { orgId, decisionId } of batch.settlements) newest.set(orgId, decisionId);
    for (const request of batch.requests) {
      const { decisionId } = request.kind === "reserve" ? request.intent : request.refusal;
      newest.set(request.orgId, decisionId);
    }
    for (const [orgId, decisionId] of newest) this.#options.onCalls(orgId, decisionId);
    for (const { orgId, decisionId } of near) this.#options.onNear(orgId, decisionId);
  }
}

const unavailable = { kind: "unavailable" } as const;
