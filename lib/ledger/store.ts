import type { BatchReads, BatchState, BatchWrites } from "./batch";

/** `unknown`: the answer to COMMIT was lost, so the writes may or may not be there. */
export type CommitResult = { kind: "committed" } | { kind: "rolled_back" | "unknown"; cause: unknown };

/** One transaction at a time, over one connection. Each step ends within its time limit, whatever the database does. */
export interface BatchStore {
  /** Begins, takes the locks and reads. Rejects when that failed; nothing was changed then. */
  open(reads: BatchReads): Promise<BatchState>;
  /** Writes and commits what `open` began. A rejection counts as `unknown`. */
  commit(writes: BatchWrites): Promise<CommitResult>;
  /** Gives up whatever is open, without a change; the next `open` starts afresh. Never throws. */
  abandon(): void;
  close(): Promise<void>;
}
