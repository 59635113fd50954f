/** How long the gateway waits for an upstream, in milliseconds. Progress resets `idleMs`, never `totalMs`. */
export interface Deadlines {
  connectMs: number;
  firstByteMs: number;
  idleMs: number;
  totalMs: number;
  /** Listening streams have no total time: only this much silence of the upstream. */
  streamIdleMs: number;
  /** After this much silence a listening stream gets a comment. */
  keepAliveMs: number;
}

export const deadlines: Deadlines = {
  connectMs: 5_000,
  firstByteMs: 60_000,
  idleMs: 60_000,
  totalMs: 300_000,
  streamIdleMs: 300_000,
  keepAliveMs: 15_000,
};

/** One answer, decoded; one event of a stream may be as large, and a call's stream may hold so many events. */
export const answerBytesMax = 10 * 1024 * 1024;
export const eventsMax = 10_000;
