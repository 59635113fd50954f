import type { Digest } from "@/lib/audit/chain";
import { readsOf } from "./batch";
import type { Answer, Batch, Request } from "./batch";
import type { Outbox } from "./outbox";
import { planBatch } from "./plan";
import type { BatchPlan } from "./plan";
import { neverSent } from "./settlement";
import type { Settlement } from "./settlement";
import type { BatchStore, CommitResult } from "./store";

export interface WriterOptions {
  store: BatchStore;
  outbox: Outbox;
  digest: Digest;
  /** Every caller has an answer this long after it asked. */
  answerTimeoutMs: number;
  onCommitted: (batch: Batch, plan: BatchPlan) => void;
  onFailure: (error: unknown) => void;
}

const batchRequestsMax = 256;
const batchSettlementsMax = 256;
const queueMax = 10_000;
/** An outcome without company waits this long for a batch to ride with, so that a lone call costs one commit, not two. */
const lingerMs = 5;
const restMinMs = 50;
const restMaxMs = 2_000;

interface Entry {
  request: Request;
  /** Answers once; false when the caller was answered before. */
  answer: (answer: Answer) => boolean;
  isAnswered: () => boolean;
}

type Task =
  { kind: "requests"; entries: Entry[]; settlements: Settlement[] } | { kind: "stuck"; settlements: Settlement[] };

const unavailable: Answer = { kind: "unavailable" };

/**
 * Group commit: while one batch commits, the next one gathers; nobody waits for company. A caller is answered only after its batch
 * is durable, or `unavailable` when it failed or took too long. What was committed although its caller had been told `unavailable`
 * is given back, because it was never sent.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #queue: Entry[] = [];
  #working = false;
  #closed = false;
  #draining = 0;
  #failures = 0;
  #restUntilMs = 0;
  #retries = 0;
  #retryAtMs = 0;
  #ripeAtMs = 0;
  #alarm: ReturnType<typeof setTimeout> | null = null;
  #idleWaiters: (() => void)[] = [];

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** Resolves with the answer of a durable batch, or `unavailable`; never rejects and never later than the time limit. */
  async submit(request: Request): Promise<Answer> {
    if (this.#refuses(request)) return unavailable;
    return new Promise((resolve) => {
      let answered = false;
      const answer = (value: Answer) => {
        if (answered) return false;
        answered = true;
        clearTimeout(timer);
        resolve(value);
        return true;
      };
      const timer = setTimeout(() => answer(unavailable), this.#options.answerTimeoutMs);
      this.#queue.push({ request, answer, isAnswered: () => answered });
      this.#wake();
    });
  }

  /** Takes an outcome over. */
  settle(settlement: Settlement): void {
    const { outbox } = this.#options;
    if (outbox.freshCount === 0) this.#ripeAtMs = performance.now() + lingerMs;
    if (!outbox.add(settlement))
      this.#options.onFailure(new Error("too many outcomes wait; one is left to the sweeper"));
    this.#wake();
  }

  /** Looks for work again after the outbox was filled from elsewhere. */
  resume(): void {
    this.#wake();
  }

  /** Resolves when nothing is queued, or after `timeoutMs`; outcomes do not linger meanwhile. */
  async drain(timeoutMs: number): Promise<void> {
    if (this.#isIdle()) return;
    this.#draining += 1;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#idleWaiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#wake();
    });
    this.#draining -= 1;
  }

  /** Takes no new requests from now on. */
  close(): void {
    this.#closed = true;
  }

  #refuses(request: Request): boolean {
    if (this.#closed || this.#queue.length >= queueMax) return true;
    if (request.kind === "reserve" && this.#options.outbox.isBlocked(request.orgId)) return true;
    return this.#failures > 1 && performance.now() < this.#restUntilMs;
  }

  #isIdle(): boolean {
    const { outbox } = this.#options;
    return !this.#working && this.#queue.length === 0 && outbox.freshCount === 0 && !outbox.hasStuck;
  }

  #wake(): void {
    if (this.#working) return;
    if (this.#alarm) clearTimeout(this.#alarm);
    this.#alarm = null;
    this.#working = true;
    void this.#work();
  }

  async #work(): Promise<void> {
    do {
      await turn();
      const task = this.#nextTask();
      if (task) await this.#run(task).catch(this.#options.onFailure);
    } while (this.#dueInMs() <= 0);
    this.#working = false;
    const dueInMs = this.#dueInMs();
    if (Number.isFinite(dueInMs)) this.#alarm = setTimeout(() => this.#wake(), Math.ceil(dueInMs));
    else if (this.#isIdle()) for (const waiter of this.#idleWaiters.splice(0)) waiter();
  }

  /** Milliseconds until there is something to do; Infinity when nothing is left. */
  #dueInMs(): number {
    const { outbox } = this.#options;
    const nowMs = performance.now();
    const retryAt = outbox.hasStuck ? this.#retryAtMs : Infinity;
    const ripeAt = this.#draining > 0 || outbox.freshCount >= batchSettlementsMax ? nowMs : this.#ripeAtMs;
    const workAt = this.#queue.length > 0 ? nowMs : outbox.freshCount > 0 ? ripeAt : Infinity;
    return Math.min(retryAt, Math.max(workAt, this.#restUntilMs)) - nowMs;
  }

  #nextTask(): Task | null {
    const { outbox } = this.#options;
    const nowMs = performance.now();
    if (outbox.hasStuck && this.#retryAtMs <= nowMs) {
      return { kind: "stuck", settlements: outbox.nextStuck(batchSettlementsMax) };
    }
    if (this.#restUntilMs > nowMs) return null;
    const entries = this.#queue.splice(0, batchRequestsMax).filter((entry) => !entry.isAnswered());
    const settlements = outbox.takeFresh(batchSettlementsMax);
    return entries.length + settlements.length > 0 ? { kind: "requests", entries, settlements } : null;
  }

  async #run(task: Task): Promise<void> {
    const entries = task.kind === "requests" ? task.entries : [];
    const batch: Batch = { settlements: task.settlements, requests: entries.map((entry) => entry.request) };
    let plan: BatchPlan | null = null;
    let result: CommitResult;
    try {
      const state = await this.#options.store.open(readsOf(batch));
      plan = planBatch(batch, state, this.#options.digest);
      result = await this.#options.store.commit(plan.writes);
    } catch (cause) {
      result = { kind: plan ? "unknown" : "rolled_back", cause };
    }
    if (result.kind === "committed" && plan) this.#succeed(task, batch, plan);
    else this.#fail(task, result, plan);
  }

  #succeed(task: Task, batch: Batch, plan: BatchPlan): void {
    this.#failures = 0;
    if (task.kind === "stuck") {
      this.#retries = 0;
      this.#options.outbox.release(task.settlements);
    } else {
      task.entries.forEach((entry, index) => {
        const answer = plan.answers[index] ?? unavailable;
        if (!entry.answer(answer) && answer.kind === "sent") this.settle(unsent(entry));
      });
    }
    this.#options.onCommitted(batch, plan);
  }

  /** A lost COMMIT may have happened: its reservations are voided by id; that finds nothing if it did not. */
  #fail(task: Task, result: CommitResult, plan: BatchPlan | null): void {
    this.#options.store.abandon();
    if (result.kind !== "committed") this.#options.onFailure(result.cause);
    const nowMs = performance.now();
    if (task.kind === "stuck") {
      this.#retryAtMs = nowMs + restMs(this.#retries++);
      return;
    }
    this.#restUntilMs = nowMs + restMs(this.#failures++);
    if (!this.#options.outbox.hasStuck) this.#retryAtMs = nowMs;
    const doubtful = task.entries.filter(
      (_, index) => result.kind === "unknown" && plan?.answers[index]?.kind === "sent",
    );
    this.#options.outbox.hold([...task.settlements, ...doubtful.map(unsent)]);
    for (const entry of task.entries) entry.answer(unavailable);
  }
}

const unsent = ({ request }: Entry): Settlement =>
  neverSent(request.orgId, request.kind === "reserve" ? request.intent.decisionId : request.refusal.decisionId);

/** The first failure may be one broken connection: no rest. Then twice as long each time. */
function restMs(failures: number): number {
  return failures === 0 ? 0 : Math.min(restMinMs * 2 ** (failures - 1), restMaxMs);
}

/** Lets the callers that were just answered ask again, so that they travel together. */
async function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
