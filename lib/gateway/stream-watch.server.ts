import "server-only";
import { singleton } from "@/lib/kernel/singleton";
import { findCompiled } from "@/lib/policies/policies.server";
import { findUpstream, type Upstream } from "@/lib/servers/servers.server";
import type { Exchange, PolicyState } from "./exchange.server";
import type { ListFilter } from "./list-filter";
import { findGrantAt } from "./grant-at.server";
import { visibleList } from "./list-notice.server";

/** A stream that can be ended from here, and told that the tool list changed when it wants to hear of it. */
interface Closable {
  close: () => void;
  listChanged?: () => void;
}

export interface StreamWatch {
  /** How tool lists are rewritten: by the policy and catalogue that are live now, not by those at the stream's start. */
  filter: (isModern: boolean) => ListFilter;
  policy: () => PolicyState | null;
  start: (stream: Closable) => void;
  end: () => void;
}

/** A call's stream ends with its answer; one that only listens never ends by itself. */
type StreamKind = "call" | "listening";

interface Watched {
  kind: StreamKind;
  exchange: Exchange;
  policy: PolicyState | null;
  upstream: Upstream;
  stream: Closable;
  /** Digest of what the client could see at the last look; null until it is needed. */
  visible: string | null;
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
  const { upstream } = exchange;
  const watched: Watched = { kind, exchange, policy, upstream, stream: { close: () => undefined }, visible: null };
  return {
    filter: (isModern) => ({ policy: watched.policy?.compiled ?? null, pins: watched.upstream, isModern }),
    policy: () => watched.policy,
    start: (stream) => {
      watched.stream = stream;
      if (stream.listChanged) watched.visible = visibleList(watched.policy, watched.upstream);
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
    const [at, server] = await Promise.all([findGrantAt(token, upstream.id), findUpstream(upstream.id)]);
    if (at?.grant.state !== "active" || !at.isOpen || !server?.enabled) {
      watched.stream.close();
      return;
    }
    const { policyId } = at.grant;
    renew(watched, policyId === null ? null : await findCompiled(policyId), server);
  } catch {
    // The store cannot be asked: an open stream carries no decision, so it may stay until it can.
  }
}

/** Takes over what is live now, and tells the stream when that changed what its client can see. */
function renew(watched: Watched, policy: PolicyState | null, upstream: Upstream): void {
  if (watched.policy === policy && watched.upstream === upstream) return;
  watched.policy = policy;
  watched.upstream = upstream;
  if (!watched.stream.listChanged) return;
  const visible = visibleList(policy, upstream);
  if (visible === watched.visible) return;
  watched.visible = visible;
  watched.stream.listChanged();
}
