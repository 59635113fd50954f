import "server-only";
import type { GrantIdentity } from "@/lib/grants/grants.server";
import type { DecisionId } from "@/lib/kernel/ids";
import type { ValueObject } from "@/lib/kernel/value";
import type { findCompiled } from "@/lib/policies/policies.server";
import type { Upstream } from "@/lib/servers/servers.server";
import type { Deadlines } from "./deadlines";
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

/** One HTTP request whose grant is known. */
export interface Exchange {
  readonly token: string;
  readonly grant: GrantIdentity;
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
}
