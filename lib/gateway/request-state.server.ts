import "server-only";
import { createHash } from "node:crypto";
import { canonical } from "@/lib/audit/canonical";
import { findMembers, findRootMembers, type Member, type Span } from "@/lib/http/json-span";
import { applyEdits, cutMember, setMember, type Edit } from "@/lib/http/json-splice";
import type { ValueObject } from "@/lib/kernel/value";
import { databaseTime } from "@/lib/ledger/ledger.server";
import { openTraveller, sealTraveller } from "@/lib/vault/vault.server";
import type { Posted, RequestMessage } from "./exchange.server";

const use = "request-state";
const lifeMs = 600_000;
/** Members of `params` that differ between a request and its retry. */
const roundKeys = new Set(["_meta", "requestState", "inputResponses"]);

/** What travels in the state that a client gets. */
export interface RoundState {
  /** The upstream's own state; null when it gave none. */
  state: string | null;
  /** Answers that the gateway gave itself to what the upstream asked, as JSON by key; they join the client's on the retry. */
  answered: Readonly<Record<string, string>>;
}

type Asked = Posted<RequestMessage>;

/**
 * The `requestState` for the client (MCP 2026-07-28, multi round-trip requests): ours around the upstream's, sealed for this grant,
 * server, method, name and arguments, for ten minutes from `now` by the database's clock. Nothing is stored.
 */
export function sealRound(posted: Asked, round: RoundState, now: Date): string {
  const text = JSON.stringify([now.getTime() + lifeMs, round.state, round.answered]);
  return sealTraveller(use, roundContext(posted), text);
}

/**
 * A retry as the upstream is to see it: its own state in the place of ours, our own answers beside the client's, all other bytes as
 * they came. The same request when it carries no state. Null for a state that is altered, expired, or of another grant, server,
 * method, name or arguments: one and the same refusal for all of them.
 */
export async function withOpenRound(posted: Asked): Promise<Asked | null> {
  const { params } = posted.message;
  if (!params.has("requestState")) return posted;
  const sealed = params.get("requestState");
  const text = typeof sealed === "string" ? openTraveller(use, roundContext(posted), sealed) : null;
  if (text === null) return null;
  const [expiresAtMs, state, answered] = JSON.parse(text) as [number, string | null, Record<string, string>];
  if ((await databaseTime()).getTime() >= expiresAtMs) return null;
  const bytes = spliced(posted.bytes, { state, answered });
  return bytes && { ...posted, bytes };
}

function spliced(bytes: Uint8Array, { state, answered }: RoundState): Uint8Array | null {
  const params = findRootMembers(bytes)?.find(({ key }) => key === "params");
  const members = params && findMembers(bytes, params);
  if (!members) return null;
  const edits: Edit[] = [];
  const own = state === null ? cutMember(members, "requestState") : null;
  if (own) edits.push(own);
  if (state !== null) edits.push(setMember(params, members, "requestState", JSON.stringify(state)));
  const more = Object.entries(answered);
  const once = applyEdits(bytes, edits);
  return more.length === 0 ? once : withAnswers(once, more);
}

/** Puts our answers over the client's: what was not put to it, it cannot have answered. */
function withAnswers(bytes: Uint8Array, answered: readonly (readonly [string, string])[]): Uint8Array | null {
  const params = findRootMembers(bytes)?.find(({ key }) => key === "params");
  const members = params && findMembers(bytes, params);
  if (!members) return null;
  const given: Member | undefined = members.find(({ key }) => key === "inputResponses");
  if (!given) {
    const text = `{${answered.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(",")}}`;
    return applyEdits(bytes, [setMember(params, members, "inputResponses", text)]);
  }
  let now: Uint8Array = bytes;
  for (const [key, value] of answered) {
    const at: Span | undefined = responsesOf(now);
    const known = at && findMembers(now, at);
    if (!known) return null;
    now = applyEdits(now, [setMember(at, known, key, value)]);
  }
  return now;
}

function responsesOf(bytes: Uint8Array): Span | undefined {
  const params = findRootMembers(bytes)?.find(({ key }) => key === "params");
  return (params && findMembers(bytes, params))?.find(({ key }) => key === "inputResponses");
}

interface Owner {
  grant: { id: string };
  upstream: { id: string };
  message: { method: string; params: ValueObject };
}

/** Whose state it is; a digest of the call, so that the sealed text stays short. */
export function roundContext({ grant, upstream, message }: Owner): string {
  const asked: ValueObject = new Map([...message.params].filter(([key]) => !roundKeys.has(key)));
  const digest = createHash("sha256")
    .update(canonical([message.method, asked]))
    .digest("base64url");
  return `${grant.id}/${upstream.id}/${digest}`;
}
