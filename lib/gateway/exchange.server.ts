import "server-only";
import type { ServerGrant } from "@/lib/grants/grants.server";
import type { DecisionId } from "@/lib/kernel/ids";
import type { ValueObject } from "@/lib/kernel/value";
import type { findCompiled } from "@/lib/policies/policies.server";
import type { Upstream } from "@/lib/servers/servers.server";
import { deadlinesFor, type Deadlines } from "./deadlines";
import type { Message } from "./envelope";
import type { InFlightLimits } from "./in-flight.server";
import type { RequestHeaders } from "./request-headers";
import type { Era, Revision } from "./revision";

/** A live policy version, compiled. */
export type PolicyState = NonNullable<Awaited<ReturnType<typeof findCompiled>>>;

/** What a gateway is set to; production uses the defaults, tests shorten them. */
export interface Settings {
  deadlines: Deadlines;
  inFlight: InFlightLimits;
}

/** The settings with a server's own deadlines in them; the same object when it has none. */
export function settingsFor(settings: Settings, upstream: Upstream): Settings {
  const deadlines = deadlinesFor(settings.deadlines, upstream.timeouts);
  return deadlines === settings.deadlines ? settings : { ...settings, deadlines };
}

/** One HTTP request whose grant is known. */
export interface Exchange {
  readonly token: string;
  readonly grant: ServerGrant;
  readonly upstream: Upstream;
  readonly headers: RequestHeaders;
  readonly address: string | null;
  readonly client: { name: string | null; version: string | null };
  /** Null until the body was read. */
  readonly revision: Revision | null;
  readonly settings: Settings;
  /** Monotonic milliseconds of its arrival. */
  readonly startedAtMs: number;
  /** Fires when the client is gone. Made on first use only. */
  readonly gone: () => AbortSignal;
  /** What stands before the server's names in the bundle that leads to it; null outside one. */
  readonly prefix: string | null;
}

/** A POST whose body holds one message. `bytes` are the body as it came: what was judged is what is forwarded. */
export interface Posted<M extends Message = Message> extends Exchange {
  readonly message: M;
  readonly bytes: Uint8Array;
  readonly era: Era;
  readonly revision: Revision;
}

export type RequestMessage = Extract<Message, { kind: "request" }>;

/** A `tools/call` that reached the pipeline. */
export interface Call extends Posted<RequestMessage> {
  readonly decisionId: DecisionId;
  readonly tool: string;
  readonly args: ValueObject;
  /** By which the client named the call, so that it runs once; null when it did not. */
  readonly idempotencyKey: string | null;
}
