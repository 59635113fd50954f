import "server-only";
import { findGrantByToken } from "@/lib/grants/grants.server";
import { singleton } from "@/lib/kernel/singleton";
import { findCompiled } from "@/lib/policies/policies.server";
import { isHidden } from "@/lib/policy/evaluate";
import { findUpstream } from "@/lib/servers/servers.server";
import type { Exchange, PolicyState } from "./exchange.server";

/** A stream that can be ended from here. */
interface Closable {
  close: () => void;
}

export interface StreamWatch {
  /** By the policy that is live now, not by the one at the stream's start. */
  isHidden: (tool: string) => boolean;
  start: (stream: Closable) => void;
  end: () => void;
}

/** A call's stream ends with its answer; one that only listens never ends by itself. */
type StreamKind = "call" | "listening";

interface Watched {
  kind: StreamKind;
  exchange: Exchange;
  policy: PolicyState | null;
  stream: Closable;
}

interface Watcher {
  streams: Set<Watched>;
  timer: NodeJS.Timeout | null;
}

/** The caches behind each look are dropped at once by a change, so this bounds how late an open stream hears of it. */
const lookEveryMs = 400;
const watcher = singleton<Watcher>("gateway-stream-watch", () => ({ streams: new Set(), timer: null }));

/** Watches over an open stream: it is closed within a second of its grant's end or its server's being disabled. */
export function watchStream(
  exchange: Exchange,
  policy: PolicyState | null,
  kind: StreamKind = "listening",
): StreamWatch {
  const watched: Watched = { kind, exchange, policy, stream: { close: () => undefined } };
  return {
    isHidden: (tool) => watched.policy !== null && isHidden(watched.policy.compiled, tool),
    start: (stream) => {
      watched.stream = stream;
      watcher.streams.add(watched);
      watcher.timer ??= setInterval(() => void lookAtAll(), lookEveryMs).unref();
    },
    end: () => {
      watcher.streams.delete(watched);
      if (watcher.streams.size > 0 || !watcher.timer) return;
      clearInterval(watcher.timer);
      watcher.timer = null;
    },
  };
}

/**
 * Ends every open stream at the client's side, or only those that listen; calls behind them are read on and settled. Used on stop:
 * first the listening ones, the others when their time to drain is over.
 */
export function closeStreams(which: "all" | "listening" = "all"): void {
  for (const { kind, stream } of watcher.streams) if (which === "all" || kind === which) stream.close();
}

async function lookAtAll(): Promise<void> {
  await Promise.all([...watcher.streams].map(look));
}

async function look(watched: Watched): Promise<void> {
  const { token, upstream } = watched.exchange;
  try {
    const [grant, server] = await Promise.all([findGrantByToken(token), findUpstream(upstream.id)]);
    if (grant?.state !== "active" || !server?.enabled) {
      watched.stream.close();
      return;
    }
    watched.policy = grant.policyId === null ? null : await findCompiled(grant.policyId);
  } catch {
    // The store cannot be asked: an open stream carries no decision, so it may stay until it can.
  }
}
