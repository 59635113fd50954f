import "server-only";
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { env } from "@/lib/env/env.server";
import { AppError, isAppError } from "@/lib/kernel/errors";
import { BackOff, type BackOffTimes } from "./back-off";
import { errorAnswer, wholeAnswer, type ChannelAnswer, type ChannelRequest } from "./channel-answer.server";
import type { Link, LinkEvents } from "./channel-link.server";
import { readChannelMessage, textOf } from "./channel-message";
import { ChannelSession } from "./channel-session.server";
import { SharedChannel } from "./channel-shared.server";
import { openSseLink } from "./channel-sse.server";
import { upstreamHeaders, type Upstream } from "./lookup.server";
import { StdioProcess } from "./stdio-process.server";
import { isAllowedCommand, stdioRefusal } from "./stdio-rules";

type SessionsMax = Readonly<Record<"sse" | "stdio", number>>;

export interface ChannelLimits extends BackOffTimes {
  /** Sessions of one server, by transport. Each takes a connection of the server's 256, or a process. */
  readonly perServer: SessionsMax;
  /** The same of all servers together. */
  readonly inAll: SessionsMax;
  /** A session without a request under way and without a listener ends after this time. */
  readonly quietMs: number;
  /** A session that has been quiet for this long gives way to a new one when there are too many. */
  readonly yieldMs: number;
}

export const channelLimits: ChannelLimits = {
  perServer: { sse: 128, stdio: 16 },
  inAll: { sse: 1024, stdio: 64 },
  quietMs: 900_000,
  yieldMs: 60_000,
  minMs: 1_000,
  maxMs: 30_000,
  steadyMs: 30_000,
};

const modernRevision = "2026-07-28";

/** An open conversation and what it was opened with. */
interface Kept {
  readonly serverId: string;
  readonly transport: "sse" | "stdio";
  readonly config: string;
  readonly session: ChannelSession;
}

/** The conversations with upstreams that are no streamable-HTTP servers themselves. See `openChannel`. */
export class ChannelTable {
  readonly #limits: ChannelLimits;
  readonly #backOff: BackOff;
  readonly #sessions = new Map<string, Kept>();
  /** One per server, by its id. */
  readonly #shared = new Map<string, { config: string; channel: Promise<SharedChannel> }>();
  readonly #opening = new Set<Pick<Kept, "serverId" | "transport">>();
  #sweep: NodeJS.Timeout | null = null;

  constructor(limits: Partial<ChannelLimits> = {}) {
    this.#limits = { ...channelLimits, ...limits };
    this.#backOff = new BackOff(this.#limits);
  }

  async open(upstream: Upstream, request: ChannelRequest): Promise<ChannelAnswer> {
    request.signal?.throwIfAborted();
    const { headers, method } = request;
    const sessionId = headers["mcp-session-id"];
    if (sessionId !== undefined) return this.#ask(upstream, sessionId, request);
    if (method !== "POST" || !request.body) return errorAnswer(400, "null", -32600, "Mcp-Session-Id is missing");
    if (upstream.transport === "stdio" && headers["mcp-protocol-version"] === modernRevision) {
      return (await this.#sharedFor(upstream, request)).post(request.body, request);
    }
    if (readChannelMessage(request.body)?.method !== "initialize") {
      return errorAnswer(400, idTextOf(request.body), -32600, "Mcp-Session-Id is missing");
    }
    return this.#begin(upstream, request, request.body);
  }

  /** Ends what was opened with another configuration than the server has now; `null` = it is gone or disabled. */
  review(serverId: string, upstream: Upstream | null): void {
    const config = upstream?.enabled ? configOf(upstream) : null;
    for (const kept of [...this.#sessions.values()]) {
      if (kept.serverId === serverId && kept.config !== config) void kept.session.close();
    }
    const shared = this.#shared.get(serverId);
    if (!shared || shared.config === config) return;
    this.#shared.delete(serverId);
    shared.channel.then((channel) => channel.close()).catch(() => undefined);
  }

  /** Ends everything; settles when all processes are gone. */
  async close(): Promise<void> {
    if (this.#sweep) clearInterval(this.#sweep);
    this.#sweep = null;
    const shared = [...this.#shared.values()].map(({ channel }) => channel.then((open) => open.close()));
    const sessions = [...this.#sessions.values()].map(({ session }) => session.close());
    await Promise.allSettled([...shared, ...sessions]);
  }

  async #ask(upstream: Upstream, sessionId: string, request: ChannelRequest): Promise<ChannelAnswer> {
    const kept = this.#sessions.get(sessionId);
    const session = kept?.serverId === upstream.id && kept.config === configOf(upstream) ? kept.session : null;
    if (!session) {
      return errorAnswer(404, request.body ? idTextOf(request.body) : "null", -32001, "Session not found");
    }
    if (request.method === "GET") return session.listen(request);
    if (request.method === "POST") return session.post(request.body ?? new Uint8Array(), request);
    await session.close();
    return wholeAnswer(200, "");
  }

  async #begin(upstream: Upstream, request: ChannelRequest, body: Uint8Array): Promise<ChannelAnswer> {
    const leave = this.#reserve(upstream);
    let session: ChannelSession | null = null;
    let ended: Error | null = null;
    const events: LinkEvents = {
      onMessage: (message) => session?.receive(message),
      onEnd: (error) => {
        ended = error;
        void session?.close(error);
      },
    };
    try {
      const link = await this.#openLink(upstream, request, events);
      if (!("send" in link)) return link;
      session = this.#keep(upstream, link);
      if (ended) void session.close(ended);
    } finally {
      leave();
    }
    const opened = session;
    return opened.post(body, request).catch((error: unknown) => {
      void opened.close();
      throw error;
    });
  }

  #keep(upstream: Upstream, link: Link): ChannelSession {
    const id = randomBytes(32).toString("base64url");
    const session = new ChannelSession(id, link, () => this.#sessions.delete(id));
    const config = configOf(upstream);
    this.#sessions.set(id, { serverId: upstream.id, transport: transportOf(upstream), config, session });
    this.#watch();
    return session;
  }

  /** Takes a place for a session that is being opened; gives the way to free it. */
  #reserve(upstream: Upstream): () => void {
    const transport = transportOf(upstream);
    const like = [...this.#sessions.values()].filter((kept) => kept.transport === transport);
    const opening = [...this.#opening].filter((place) => place.transport === transport);
    const isOwn = ({ serverId }: { serverId: string }) => serverId === upstream.id;
    const own = like.filter(isOwn);
    if (own.length + opening.filter(isOwn).length >= this.#limits.perServer[transport]) this.#makeRoom(own);
    else if (like.length + opening.length >= this.#limits.inAll[transport]) this.#makeRoom(like);
    const place = { serverId: upstream.id, transport };
    this.#opening.add(place);
    return () => void this.#opening.delete(place);
  }

  #makeRoom(among: readonly Kept[]): void {
    const nowMs = performance.now();
    const quiet = among.map((kept) => ({ kept, ms: kept.session.quietMs(nowMs) })).sort((a, b) => b.ms - a.ms)[0];
    if (!quiet || quiet.ms < this.#limits.yieldMs) throw unreachable("too many sessions");
    void quiet.kept.session.close();
  }

  #openLink(upstream: Upstream, request: ChannelRequest, events: LinkEvents): Promise<Link | ChannelAnswer> {
    return upstream.transport === "stdio"
      ? this.#startProcess(upstream, request, events)
      : openSseLink(upstream, request, events);
  }

  #sharedFor(upstream: Upstream, request: ChannelRequest): Promise<SharedChannel> {
    const config = configOf(upstream);
    const found = this.#shared.get(upstream.id);
    if (found?.config === config) return found.channel;
    if (found) this.review(upstream.id, null);
    const channel = this.#startShared(upstream, request, () => {
      if (this.#shared.get(upstream.id)?.channel === channel) this.#shared.delete(upstream.id);
    });
    this.#shared.set(upstream.id, { config, channel });
    this.#watch();
    return channel;
  }

  async #startShared(upstream: Upstream, request: ChannelRequest, onOver: () => void): Promise<SharedChannel> {
    let channel: SharedChannel | null = null;
    try {
      const link = await this.#startProcess(upstream, request, {
        onMessage: (message) => channel?.receive(message),
        onEnd: (error) => void channel?.close(error),
      });
      channel = new SharedChannel(link, onOver);
      return channel;
    } catch (error) {
      onOver();
      throw error;
    }
  }

  async #startProcess(upstream: Upstream, request: ChannelRequest, events: LinkEvents): Promise<Link> {
    const { command } = upstream;
    const { stdio } = env();
    if (command === null || !stdio || stdioRefusal(stdio) !== null || !isAllowedCommand(stdio, command)) {
      throw unreachable("the command is not allowed here");
    }
    await this.#waitForTurn(upstream.id, request);
    const startedAtMs = performance.now();
    const failed = () => {
      const nowMs = performance.now();
      this.#backOff.fail(upstream.id, nowMs, nowMs - startedAtMs);
    };
    const onEnd = (error: Error) => {
      failed();
      events.onEnd(error);
    };
    const options = { command, args: upstream.args, path: stdio.path, variables: variablesOf(upstream) };
    return StdioProcess.start(options, { ...events, onEnd }).catch((error: unknown) => {
      failed();
      throw isAppError(error) ? error : unreachable("the process could not be started", error);
    });
  }

  /** After crashes: waits as long as a connection may take, and then gives up. */
  async #waitForTurn(serverId: string, request: ChannelRequest): Promise<void> {
    for (;;) {
      const remainingMs = this.#backOff.remainingMs(serverId, performance.now());
      if (remainingMs === 0) return;
      if (remainingMs > request.deadlines.connectMs) {
        throw new AppError("upstream_unreachable", { detail: "the process keeps ending", retryAfterMs: remainingMs });
      }
      await wait(remainingMs, undefined, request.signal ? { signal: request.signal } : {});
    }
  }

  #watch(): void {
    this.#sweep ??= setInterval(() => this.#endQuiet(), Math.min(30_000, this.#limits.quietMs / 2)).unref();
  }

  #endQuiet(): void {
    const nowMs = performance.now();
    const isQuiet = (of: ChannelSession | SharedChannel) => of.quietMs(nowMs) >= this.#limits.quietMs;
    for (const { session } of [...this.#sessions.values()]) if (isQuiet(session)) void session.close();
    for (const { channel } of [...this.#shared.values()]) {
      channel.then((open) => (isQuiet(open) ? open.close() : undefined)).catch(() => undefined);
    }
  }
}

function transportOf({ transport }: Upstream): "sse" | "stdio" {
  return transport === "stdio" ? "stdio" : "sse";
}

/** What a conversation depends on; any change of it ends the conversations that were opened with the old one. */
function configOf(upstream: Upstream): string {
  const { transport, url, command, args, allowPrivateNetwork, caPem, sealedHeaders } = upstream;
  const headers = sealedHeaders.map(({ name, sealed }) => [name, sealed]).sort();
  return JSON.stringify([transport, url, command, args, allowPrivateNetwork, caPem, headers]);
}

function variablesOf(upstream: Upstream): Record<string, string> {
  try {
    return upstreamHeaders(upstream);
  } catch (cause) {
    throw unreachable("its variables cannot be opened", cause);
  }
}

function idTextOf(body: Uint8Array): string {
  const id = readChannelMessage(body)?.id;
  return id ? textOf(body, id) : "null";
}

function unreachable(detail: string, cause?: unknown): AppError {
  return new AppError("upstream_unreachable", { detail, cause });
}
