import "server-only";
import { env } from "@/lib/env/env.server";
import { hostsOf } from "@/lib/env/hosts";
import type { Env } from "@/lib/env/schema";
import { resourceMetadataUrl } from "@/lib/grants/oauth-metadata";
import { errorTable, toAppError } from "@/lib/kernel/errors";
import { singleton } from "@/lib/kernel/singleton";
import { jsonAnswer, toResponse, type Answer } from "./answer";
import { answerBundle } from "./bundle.server";
import { authenticate, type Authenticated } from "./authenticate.server";
import { deadlines, type Deadlines } from "./deadlines";
import { checkDoor, type DoorRefusal, type Scope, type Site } from "./door";
import { settingsFor, type Exchange, type Settings } from "./exchange.server";
import { reportFault } from "./fault-log.server";
import { inFlightLimits, type InFlightLimits } from "./in-flight.server";
import { rpcError, sayOf, unauthorised } from "./messages";
import { inOnePiece, lightResponse } from "./light-response.server";
import { answerPost, answerPostUnavailable } from "./post.server";
import { linesOf, readHeaders, type RequestHeaders } from "./request-headers";
import { recordDoorRefusal } from "./refuse-message.server";
import { answerSession } from "./session.server";

export { breakerState } from "./breaker.server";
export { closeStreams } from "./stream-watch.server";
export { flushRefusals } from "./refusal-log.server";

/** Who sent a request, as the socket saw it. `rawHeaders` is null where the host does not give them (a plain Next route). */
export interface Peer {
  readonly rawHeaders: readonly string[] | null;
  readonly address: string | null;
}

export interface GatewayOptions {
  deadlines?: Partial<Deadlines>;
  inFlight?: Partial<InFlightLimits>;
}

/** A gateway with other deadlines and limits than production's; for tests. */
export function createGateway(options: GatewayOptions): (request: Request, peer: Peer) => Promise<Response> {
  const settings: Settings = {
    deadlines: { ...deadlines, ...options.deadlines },
    inFlight: { ...inFlightLimits, ...options.inFlight },
  };
  return (request, peer) => respond(request, peer, settings);
}

const production: Settings = { deadlines, inFlight: inFlightLimits };

/**
 * Answers one HTTP request to `/mcp/<serverId>` or `/mcp/s/<bundleId>`: the checks of the door in their promised order, then the pipeline. Always gives a
 * response: an error of ours is a refusal with a code, never a pass, and shows nothing of its cause.
 */
export async function handleMcp(request: Request, peer: Peer): Promise<Response> {
  return respond(request, peer, production);
}

async function respond(request: Request, peer: Peer, settings: Settings): Promise<Response> {
  const answer = await answerSafely(request, peer, settings);
  // Only our own listener gives raw header lines, and only it knows how to write the light class out.
  return peer.rawHeaders === null ? toResponse(answer, Response) : toResponse(inOnePiece(answer), lightResponse());
}

async function answerSafely(request: Request, peer: Peer, settings: Settings): Promise<Answer> {
  try {
    return await answer(request, peer, settings);
  } catch (error) {
    const fault = toAppError(error);
    const code = fault.code === "ledger_unavailable" ? fault.code : "internal";
    if (code === "internal") reportFault("door", fault);
    return jsonAnswer(errorTable[code].status, rpcError("null", code, null));
  }
}

async function answer(request: Request, peer: Peer, settings: Settings): Promise<Answer> {
  const startedAtMs = performance.now();
  const headers = readHeaders(peer.rawHeaders ?? linesOf(request.headers));
  const door = checkDoor(request.method, request.url, headers, site());
  if (!door.ok) return refuseAtDoor(door);
  const who = await authenticate(headers.authorization, door.scope, peer.address);
  if (who.kind === "unavailable") return answerPostUnavailable(request, headers);
  if (who.kind === "unknown" || who.kind === "refused")
    return refuseGrant(who, door.scope, request.method, headers, peer.address);
  const client = { name: headers.userAgent, version: null };
  const { token, grant } = who;
  const { address } = peer;
  const gone = () => request.signal;
  if (who.kind === "bundle") {
    const { bundle } = who;
    const asked = { token, grant, bundle, headers, address, client, revision: null, settings, startedAtMs, gone };
    return answerBundle(request, asked);
  }
  const exchange: Exchange = {
    token,
    grant: who.grant,
    upstream: who.upstream,
    headers,
    address,
    client,
    revision: null,
    settings: settingsFor(settings, who.upstream),
    startedAtMs,
    gone,
    prefix: null,
  };
  if (request.method === "POST") return answerPost(request, exchange);
  return answerSession(exchange, request.method === "GET" ? "GET" : "DELETE");
}

function refuseAtDoor({ code, allow }: DoorRefusal): Answer {
  const { status } = errorTable[code];
  // A foreign page learns nothing about what is served here, not even that it speaks JSON-RPC.
  if (code === "bad_origin") return jsonAnswer(status, JSON.stringify({ error: { code, title: sayOf(code), status } }));
  const part = code === "duplicate_header" || code === "token_in_url" ? refusedPart(code) : null;
  const refused = jsonAnswer(status, rpcError("null", code, part));
  return allow === undefined ? refused : { ...refused, headers: { Allow: allow } };
}

function refusedPart(reason: string) {
  return { decision: "deny", rule: "", reason } as const;
}

async function refuseGrant(
  who: Extract<Authenticated, { kind: "unknown" | "refused" }>,
  scope: Scope,
  method: string,
  headers: RequestHeaders,
  address: string | null,
): Promise<Answer> {
  if (who.kind === "refused") {
    await recordDoorRefusal(who.grant, who.rule, method, headers, address);
    if (who.isMissingServer) return refuseAtDoor({ code: "unknown_server" });
  } else if (who.retryAfterMs !== null) {
    const code = "too_many_requests";
    const seconds = String(Math.max(1, Math.ceil(who.retryAfterMs / 1000)));
    return {
      ...jsonAnswer(errorTable[code].status, rpcError("null", code, null)),
      headers: { "Retry-After": seconds },
    };
  }
  const hadToken = who.kind === "refused" || who.hadToken;
  return { ...jsonAnswer(401, unauthorised), headers: { "WWW-Authenticate": challengeOf(scope, hadToken) } };
}

/** RFC 6750, section 3. `resource_metadata` leads a client that has no token to where it gets one (RFC 9728, section 5.1). */
function challengeOf({ kind, id }: Scope, hadToken: boolean): string {
  const { mcpOauth, publicUrl } = env();
  const metadata = resourceMetadataUrl(publicUrl, `/mcp/${kind === "bundle" ? "s/" : ""}${id}`);
  const parts = ['realm="policylayer"', ...(hadToken ? ['error="invalid_token"'] : [])];
  return `Bearer ${[...parts, ...(mcpOauth ? [`resource_metadata="${metadata}"`] : [])].join(", ")}`;
}

const known = singleton<{ env: Env | null; site: Site }>("gateway-site", () => ({
  env: null,
  site: { hosts: new Set(), publicUrl: "" },
}));

/** Follows the settings: the port is known only once the listener has it. */
function site(): Site {
  const now = env();
  if (now !== known.env) {
    known.env = now;
    known.site = { hosts: hostsOf(now), publicUrl: now.publicUrl };
  }
  return known.site;
}
