import "server-only";
import { randomUUID } from "node:crypto";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { pool, prisma } from "@/lib/db/db.server";
import { egressRequest } from "@/lib/http/egress.server";
import { AppError } from "@/lib/kernel/errors";
import { singleton } from "@/lib/kernel/singleton";
import {
  isClientDocumentUrl,
  parseClientDocument,
  type ClientMetadata,
  type ClientMetadataResult,
} from "./client-metadata";

/** A client as the authorisation server knows it. */
export interface OauthClient extends ClientMetadata {
  clientId: string;
  /** `dcr`: it registered itself; `cimd`: the document at its client id describes it. */
  source: "dcr" | "cimd";
}

/** Registrations per address; desktop apps register once per server. */
const registrations = { points: 20, duration: 600 };
/** Self-registered clients kept. */
const clientsMax = 1_000;
const documentBytesMax = 16_384;
const documentMs = 5_000;

/**
 * Unused for a day, or without a token for half a year: such a client registers again when it comes back. With the table full,
 * unused ones go after ten minutes.
 */
const pruneSql = `DELETE FROM oauth_client c WHERE source = 'dcr'
  AND NOT EXISTS (SELECT 1 FROM oauth_token t WHERE t.client_id = c.client_id AND t.revoked_at IS NULL AND t.refresh_expires_at > now())
  AND NOT EXISTS (SELECT 1 FROM oauth_code o WHERE o.client_id = c.client_id AND o.used_at IS NULL AND o.expires_at > now())
  AND (last_used_at IS NULL AND created_at < now() - make_interval(secs => $1)
       OR last_used_at < now() - interval '180 days')`;
const daySeconds = 86_400;
const shortSeconds = 600;

/**
 * Registers a client (RFC 7591) that any program may be. Throws `too_many_requests` for an address that registers too often or when
 * the table is full of clients in use.
 */
export async function registerClient(
  metadata: ClientMetadata,
  address: string,
): Promise<OauthClient & { createdAt: Date }> {
  await takeRegistration(address);
  await makeRoom();
  const client = { clientId: randomUUID(), source: "dcr" as const, ...metadata };
  const { createdAt } = await prisma().oauthClient.create({ data: client });
  return { ...client, createdAt };
}

async function takeRegistration(address: string): Promise<void> {
  const limiter = singleton("oauth-registrations", () => new RateLimiterMemory(registrations));
  await limiter.consume(address).catch(() => {
    throw new AppError("too_many_requests", {
      detail: "client registrations",
      retryAfterMs: registrations.duration * 1000,
    });
  });
}

async function makeRoom(): Promise<void> {
  const isFull = async () => (await prisma().oauthClient.count({ where: { source: "dcr" } })) >= clientsMax;
  await pool().query(pruneSql, [daySeconds]);
  if (!(await isFull())) return;
  await pool().query(pruneSql, [shortSeconds]);
  if (await isFull()) throw new AppError("too_many_requests", { detail: "registered clients", retryAfterMs: 600_000 });
}

/** A client that is on record; null for any other id. Asks nobody outside. */
export async function findClient(clientId: string): Promise<OauthClient | null> {
  if (clientId.length > 500) return null;
  const row = await prisma().oauthClient.findUnique({ where: { clientId } });
  return (
    row && { clientId, source: row.source === "cimd" ? "cimd" : "dcr", name: row.name, redirectUris: row.redirectUris }
  );
}

/**
 * The client of an authorisation request. For the URL of a metadata document the document is read anew and put on record, so that what a
 * person sees is what stands there now. Null for an unknown id; a problem when the document cannot be read or is not right.
 */
export async function readClient(clientId: string): Promise<OauthClient | { problem: string } | null> {
  if (!isClientDocumentUrl(clientId)) return findClient(clientId);
  const read = await readClientDocument(clientId);
  if (!read.ok) return { problem: read.description };
  const row = { source: "cimd", ...read.metadata };
  await prisma().oauthClient.upsert({ where: { clientId }, create: { clientId, ...row }, update: row });
  return { clientId, source: "cimd", ...read.metadata };
}

/**
 * Reads a client's metadata document: 5 s, 16 KiB, no redirect, public addresses only. Never throws for what the other side does.
 * `way` opens private networks, for tests.
 */
export async function readClientDocument(
  url: string,
  way: { allowPrivateNetwork: boolean } = { allowPrivateNetwork: false },
): Promise<ClientMetadataResult> {
  const text = await readText(url, way.allowPrivateNetwork).catch(() => null);
  if (text === null) {
    return { ok: false, error: "invalid_client_metadata", description: "the document at client_id cannot be read" };
  }
  return parseClientDocument(url, text);
}

async function readText(url: string, allowPrivateNetwork: boolean): Promise<string | null> {
  const signal = AbortSignal.timeout(documentMs);
  const answer = await egressRequest({
    url,
    method: "GET",
    headers: { accept: "application/json", "accept-encoding": "identity" },
    allowPrivateNetwork,
    partition: "oauth-clients",
    signal,
    connectTimeoutMs: documentMs,
    headersTimeoutMs: documentMs,
    bodyTimeoutMs: documentMs,
  });
  const type =
    String(answer.headers["content-type"] ?? "")
      .split(";")[0]
      ?.trim() ?? "";
  if (answer.statusCode !== 200 || !/^application\/(?:[\w.-]+\+)?json$/i.test(type)) {
    // Ended before its time, the body says so by an event that nobody else hears.
    answer.body.on("error", () => undefined).destroy();
    return null;
  }
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of answer.body as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > documentBytesMax) return null;
    parts.push(part);
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts));
}
