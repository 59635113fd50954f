import "server-only";
import { randomUUID } from "node:crypto";
import { appendAudit } from "@/lib/audit/audit.server";
import { prisma, publishChange, transaction, type Tx } from "@/lib/db/db.server";
import { isUniqueViolation } from "@/lib/db/failure";
import { env } from "@/lib/env/env.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError, isAppError, toAppError } from "@/lib/kernel/errors";
import { isUuid } from "@/lib/kernel/ids";
import { seal } from "@/lib/vault/vault.server";
import { listAuthorities, requireAuthorities } from "./authorities.server";
import { isForeign, isMoved, requireChanged, requireEndpoint, type Endpoint } from "./endpoint.server";
import { dropUpstream, headerSeal, type UpstreamTransport } from "./lookup.server";
import { dropTokens } from "./oauth-connection.server";
import { scanServer } from "./scan.server";
import { HeaderInput, VariableInput, type ServerDto, type ServerInput, type ServerPatch, type ToolDto } from "./schema";
import { timeoutsOf, toServerDto, type ServerRow } from "./server-dto";
import { toToolDtos } from "./tool-dto";

export { noteRefusal, openCredential, renewCredential, type Credential } from "./credential.server";
export { dropUpstream, findUpstream, upstreamHeaders, type Upstream, type UpstreamTool } from "./lookup.server";
export {
  disconnectServer,
  getServerAuth,
  listUnconnected,
  removeSignInClient,
  setAuthMode,
  setSignInClient,
} from "./oauth-connection.server";
export { findLocalChoice } from "./endpoint.server";
export { clientDocument } from "./oauth-client.server";
export { finishSignIn } from "./oauth-return.server";
export { planSignIn, startSignIn } from "./oauth-sign-in.server";
export { decideTools } from "./accept.server";
export { overrideTool } from "./override.server";
export { countReviews, getReview } from "./review.server";
export { learnTools, refreshTools, scanServer } from "./scan.server";
export { scanDue } from "./scan-all.server";
export type { ScanResult } from "./catalogue.server";

const shown = {
  headers: { select: { name: true }, orderBy: { name: "asc" } },
  _count: { select: { tools: { where: { goneAt: null } }, grants: { where: { revokedAt: null } } } },
} as const;
const headersMax = 20;

/** The organisation's servers by name; header names only, never values. */
export async function listServers(ctx: Ctx): Promise<ServerDto[]> {
  requirePermission(ctx, "read");
  const rows = await prisma().server.findMany({
    where: { orgId: ctx.orgId },
    include: shown,
    orderBy: { name: "asc" },
    take: 1000,
  });
  return rows.map(toDto);
}

/** One server; throws `not_found` for another organisation's as for an unknown id. */
export async function getServer(ctx: Ctx, id: string): Promise<ServerDto> {
  requirePermission(ctx, "read");
  return toDto(await getRow(prisma(), ctx, id));
}

/** The catalogue of a server by name; tools that the upstream no longer lists come with `gone`. */
export async function listTools(ctx: Ctx, id: string): Promise<ToolDto[]> {
  requirePermission(ctx, "read");
  await getRow(prisma(), ctx, id);
  const rows = await prisma().serverTool.findMany({
    where: { serverId: id, orgId: ctx.orgId },
    orderBy: { name: "asc" },
    take: 10_000,
  });
  return toToolDtos(rows);
}

/**
 * Registers an upstream and scans it at once; a failing scan is shown on the server and does not undo the creation.
 * Throws `invalid_input` for an address or a command that is not allowed, `name_taken`.
 */
export async function createServer(ctx: Ctx, input: ServerInput): Promise<ServerDto> {
  requirePermission(ctx, "server.manage");
  const endpoint = await requireEndpoint(input);
  const id = randomUUID();
  const { headers, name } = input;
  await transaction(async (tx) => {
    await tx.server.create({ data: { name, ...endpoint, id, orgId: ctx.orgId } });
    for (const header of headers) await putHeader(tx, ctx, id, header);
    const after = toRecord(await getRow(tx, ctx, id));
    await appendAudit(tx, ctx, { action: "server.create", object: `server:${id}`, after });
    await publishChange(tx, { topic: "servers", orgId: ctx.orgId, id });
  }).catch(asNameTaken);
  await tryScan(ctx, id);
  return getServer(ctx, id);
}

/**
 * Changes a server. A new URL takes every tool out of the catalogue, ends an OAuth connection and scans again; a new origin also
 * drops the static headers and OAuth clients, so that no credential goes to a host that it was not entered for. Throws `not_found`, `name_taken`,
 * `invalid_input` for an address that is not allowed.
 */
export async function updateServer(ctx: Ctx, id: string, patch: ServerPatch): Promise<ServerDto> {
  requirePermission(ctx, "server.manage");
  const current = await getRow(prisma(), ctx, id);
  const from = endpointOf(current);
  const to = await requireChanged(from, patch);
  const moved = isMoved(from, to);
  if (patch.caPem) requireAuthorities(patch.caPem);
  // A process has no sign-in; its variables are what it gets.
  const data = { ...columnsOf(patch), ...to, ...(to.transport === "stdio" ? { authMode: "static" } : {}) };
  await transaction(async (tx) => {
    const before = toRecord(await getRow(tx, ctx, id));
    await tx.server.updateMany({
      where: { id, orgId: ctx.orgId },
      data: { ...data, updatedAt: ctx.now, version: { increment: 1 } },
    });
    if (moved) await forgetUpstream(tx, ctx, id, { from, to });
    const after = toRecord(await getRow(tx, ctx, id));
    await appendAudit(tx, ctx, { action: "server.update", object: `server:${id}`, before, after });
    await publishChange(tx, { topic: "servers", orgId: ctx.orgId, id });
  }).catch(asNameTaken);
  dropUpstream(id);
  if (moved) await tryScan(ctx, id);
  return getServer(ctx, id);
}

/** Deletes a server with its headers, catalogue and revoked grants. Throws `in_use` while a grant still works or a bundle holds it. */
export async function deleteServer(ctx: Ctx, id: string): Promise<void> {
  requirePermission(ctx, "server.manage");
  await transaction(async (tx) => {
    const row = await getRow(tx, ctx, id);
    if (row._count.grants > 0) throw new AppError("in_use", { detail: "grants of this server are not revoked" });
    const bundles = await tx.bundleMember.count({ where: { serverId: id, orgId: ctx.orgId } });
    if (bundles > 0) throw new AppError("in_use", { detail: "a bundle holds this server" });
    await tx.grant.deleteMany({ where: { serverId: id, orgId: ctx.orgId, revokedAt: { not: null } } });
    await tx.server.deleteMany({ where: { id, orgId: ctx.orgId } });
    await appendAudit(tx, ctx, { action: "server.delete", object: `server:${id}`, before: toRecord(row) });
    await publishChange(tx, { topic: "servers", orgId: ctx.orgId, id });
  });
  dropUpstream(id);
}

/**
 * Sets a static header for the upstream, or an environment variable of a local process, replacing one of the same name in any
 * case. The value is stored sealed. Throws `invalid_input` for a name that is not the upstream's to have.
 */
export async function setHeader(ctx: Ctx, id: string, input: HeaderInput | VariableInput): Promise<ServerDto> {
  requirePermission(ctx, "server.manage");
  await changeHeaders(ctx, id, "server.header.set", input.name, async (tx, row) => {
    requireName(row, input);
    if (row.headers.length >= headersMax && !hasHeader(row, input.name)) {
      throw new AppError("invalid_input", { issues: [{ path: "name", message: "At most 20 headers" }] });
    }
    await dropHeader(tx, ctx, row, input.name);
    await putHeader(tx, ctx, id, input);
  });
  return getServer(ctx, id);
}

/** Removes a static header, in any case of its name. Throws `not_found` when it is not set. */
export async function removeHeader(ctx: Ctx, id: string, name: string): Promise<ServerDto> {
  requirePermission(ctx, "server.manage");
  await changeHeaders(ctx, id, "server.header.remove", name, async (tx, row) => {
    if (!hasHeader(row, name)) throw new AppError("not_found", { detail: "header" });
    await dropHeader(tx, ctx, row, name);
  });
  return getServer(ctx, id);
}

/** The columns that a patch changes; what it does not name stays as it is. */
function columnsOf({ timeouts = {}, ...fields }: ServerPatch) {
  const columns = {
    ...fields,
    connectTimeoutMs: timeouts.connectMs,
    firstByteTimeoutMs: timeouts.firstByteMs,
    idleTimeoutMs: timeouts.idleMs,
    totalTimeoutMs: timeouts.totalMs,
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}

type Change = (tx: Tx, row: ServerRow) => Promise<void>;

async function changeHeaders(ctx: Ctx, id: string, action: string, header: string, change: Change): Promise<void> {
  await transaction(async (tx) => {
    await tx.server.updateMany({
      where: { id, orgId: ctx.orgId },
      data: { updatedAt: ctx.now, version: { increment: 1 } },
    });
    await change(tx, await getRow(tx, ctx, id));
    await appendAudit(tx, ctx, { action, object: `server:${id}`, after: { header } });
    await publishChange(tx, { topic: "servers", orgId: ctx.orgId, id });
  });
  dropUpstream(id);
}

function requireName({ transport }: ServerRow, input: HeaderInput | VariableInput): void {
  const { success, error } = (transport === "stdio" ? VariableInput : HeaderInput).safeParse(input);
  if (!success) throw toAppError(error);
}

async function putHeader(tx: Tx, ctx: Ctx, serverId: string, input: HeaderInput | VariableInput): Promise<void> {
  const id = randomUUID();
  const sealed = seal(headerSeal(id), input.value);
  await tx.serverHeader.create({ data: { id, orgId: ctx.orgId, serverId, name: input.name, sealed } });
}

async function dropHeader(tx: Tx, ctx: Ctx, row: ServerRow, name: string): Promise<void> {
  const names = row.headers.map((header) => header.name).filter((known) => sameName(known, name));
  await tx.serverHeader.deleteMany({ where: { serverId: row.id, orgId: ctx.orgId, name: { in: names } } });
}

function hasHeader(row: ServerRow, name: string): boolean {
  return row.headers.some((header) => sameName(header.name, name));
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

async function getRow(tx: Pick<Tx, "server">, ctx: Ctx, id: string) {
  const row = isUuid(id) ? await tx.server.findFirst({ where: { id, orgId: ctx.orgId }, include: shown }) : null;
  if (!row) throw new AppError("not_found", { detail: "server" });
  return row;
}

async function forgetUpstream(tx: Tx, ctx: Ctx, id: string, move: { from: Endpoint; to: Endpoint }): Promise<void> {
  const where = { serverId: id, orgId: ctx.orgId };
  await tx.serverTool.updateMany({ where: { ...where, goneAt: null }, data: { goneAt: ctx.now } });
  await dropTokens(tx, ctx, id);
  if (!isForeign(move.from, move.to)) return;
  await tx.serverHeader.deleteMany({ where });
  await tx.serverOauthClient.deleteMany({ where });
}

async function tryScan(ctx: Ctx, id: string): Promise<void> {
  try {
    await scanServer(ctx, id);
  } catch (error) {
    if (!isAppError(error) || !["scan_failed", "address_blocked"].includes(error.code)) throw error;
  }
}

function asNameTaken(error: unknown): never {
  if (isUniqueViolation(error)) throw new AppError("name_taken", { cause: error });
  throw error;
}

function toDto(row: ServerRow): ServerDto {
  return toServerDto(row, env().publicUrl, listAuthorities(row.caPem));
}

function endpointOf(row: ServerRow): Endpoint {
  const { url, allowPrivateNetwork, command, args } = row;
  return { transport: row.transport as UpstreamTransport, url, allowPrivateNetwork, command, args };
}

function toRecord(row: ServerRow) {
  const { name, transport, url, command, args, enabled, allowPrivateNetwork, version, forwardHeaders } = row;
  const { drift, elicitationGuard, elicitationHosts } = row;
  const ca = listAuthorities(row.caPem).map((authority) => authority.name);
  return {
    ...{
      name,
      transport,
      url,
      command,
      args,
      enabled,
      allowPrivateNetwork,
      version,
      headers: row.headers.map((header) => header.name),
    },
    ...{ timeouts: timeoutsOf(row), forwardHeaders, authorities: ca, drift, elicitationGuard, elicitationHosts },
  };
}
