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

/** What an admin may set per server; null = the default. */
export type ServerTimeouts = Readonly<Record<"connectMs" | "firstByteMs" | "idleMs" | "totalMs", number | null>>;

/** The deadlines of one server. No part of a call may take longer than the whole of it. */
export function deadlinesFor(defaults: Deadlines, timeouts: ServerTimeouts): Deadlines {
  const { connectMs, firstByteMs, idleMs, totalMs } = timeouts;
  if (connectMs === null && firstByteMs === null && idleMs === null && totalMs === null) return defaults;
  const total = totalMs ?? defaults.totalMs;
  const within = (own: number | null, other: number) => Math.min(own ?? other, total);
  return {
    ...defaults,
    connectMs: within(connectMs, defaults.connectMs),
    firstByteMs: within(firstByteMs, defaults.firstByteMs),
    idleMs: within(idleMs, defaults.idleMs),
    totalMs: total,
  };
}

/** One answer, decoded; one event of a stream may be as large, and a call's stream may hold so many events. */
export const answerBytesMax = 10 * 1024 * 1024;
export const eventsMax = 10_000;
