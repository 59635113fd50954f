import "server-only";
import { env } from "@/lib/env/env.server";
import type { ErrorCode } from "@/lib/kernel/errors";
import { readJson } from "@/lib/kernel/json";
import { readBody } from "./body.server";
import { readEnvelope, type Message } from "./envelope";
import { clientInfoOf, eraOf } from "./era";
import type { RequestHeaders } from "./request-headers";
import type { Era, Revision } from "./revision";

/** One message out of a request's body, with everything that was found out about it; nothing of it was decided yet. */
export interface ReadPost {
  ok: true;
  message: Message;
  bytes: Uint8Array;
  era: Era;
  revision: Revision;
  client: { name: string | null; version: string | null };
  /** The message itself says who its client is. */
  isNamed: boolean;
}

export interface UnreadPost {
  ok: false;
  code: ErrorCode;
  /** The request's id as JSON, `null` when it could not be read. */
  idText: string;
  era: Era;
  /** The version that was asked for, when that is the fault. */
  requested: string | null;
}

/** Size → content type → JSON → envelope → era and headers, in this order; the first fault answers. */
export async function readPost(request: Request, headers: RequestHeaders): Promise<ReadPost | UnreadPost> {
  const body = await readBody(request, headers, env().mcpMaxBodyBytes);
  if (!body.ok) return unread(body.code);
  const json = readJson(body.bytes);
  if (!json.ok) return unread(json.code);
  const envelope = readEnvelope(json.value);
  if (!envelope.ok) return unread(envelope.code, envelope.idText);
  const { message } = envelope;
  const era = eraOf(message, headers);
  if (!era.ok) {
    const idText = message.kind === "request" ? message.idText : "null";
    return { ok: false, code: era.code, idText, era: era.era, requested: era.requested };
  }
  const info = message.kind === "response" ? null : clientInfoOf(message.params);
  return {
    ok: true,
    message,
    bytes: body.bytes,
    era: era.era,
    revision: era.revision,
    client: info?.name ? info : { name: headers.userAgent, version: null },
    isNamed: Boolean(info?.name),
  };
}

function unread(code: ErrorCode, idText = "null"): UnreadPost {
  return { ok: false, code, idText, era: "legacy", requested: null };
}
