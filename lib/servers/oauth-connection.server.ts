import "server-only";
import { appendAudit, type AuditEntry } from "@/lib/audit/audit.server";
import { prisma, publishChange, transaction, type Tx } from "@/lib/db/db.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { open } from "@/lib/vault/vault.server";
import { dropUpstream, type Upstream } from "./lookup.server";
import { chooseAuthMethod, findIdentity, redirectUri, writeClient } from "./oauth-client.server";
import { discover, readIssuer, sameIssuer } from "./oauth-discovery.server";
import type { AuthModeInput, ServerAuthDto, SignInClient } from "./oauth-schema";
import { asSetup, getUpstream } from "./oauth-sign-in.server";
import { dropConnection, tokenSeal } from "./oauth-store.server";
import { revokeToken } from "./oauth-tokens.server";

/** How the gateway stands with a server's authorisation server. Throws `not_found`. */
export async function getServerAuth(ctx: Ctx, id: string): Promise<ServerAuthDto> {
  requirePermission(ctx, "read");
  const upstream = await getUpstream(ctx, id);
  const where = { serverId: id, orgId: ctx.orgId };
  const row = await prisma().serverOauth.findFirst({ where });
  const client = await prisma().serverOauthClient.findFirst({
    where: { ...where, source: "preregistered" },
    orderBy: { createdAt: "desc" },
  });
  const state = (row?.state ?? "none") as ServerAuthDto["state"];
  return {
    mode: upstream.authMode,
    state,
    reason: row?.reason ?? null,
    issuer: row?.issuer ?? null,
    scopes: row?.scopes ?? [],
    connectedAt: row?.connectedAt?.toISOString() ?? null,
    connectedBy: await nameOf(ctx, row?.connectedById ?? null),
    expiresAt: state === "connected" ? (row?.accessExpiresAt?.toISOString() ?? null) : null,
    renews: state === "connected" && row?.sealedRefresh !== null,
    client: client && {
      issuer: client.issuer,
      clientId: client.clientId,
      hasSecret: client.sealedSecret !== null,
    },
    redirectUri: redirectUri(),
    canSignIn: upstream.transport !== "stdio",
  };
}

/** Servers that are to be called with an OAuth token and have none that works: their calls are not sent. */
export async function listUnconnected(ctx: Ctx): Promise<ReadonlyMap<string, "none" | "reconnect">> {
  requirePermission(ctx, "read");
  const where = { orgId: ctx.orgId };
  const servers = await prisma().server.findMany({ where: { ...where, authMode: "oauth" }, select: { id: true } });
  const held = await prisma().serverOauth.findMany({ where, select: { serverId: true, state: true } });
  const states = new Map(held.map(({ serverId, state }) => [serverId, state]));
  return new Map(
    servers
      .filter(({ id }) => states.get(id) !== "connected")
      .map(({ id }) => [id, states.get(id) === "reconnect" ? "reconnect" : "none"]),
  );
}

/**
 * Chooses what the server's calls carry. With `oauth` and no connection they end as `upstream_auth_required` until somebody signs in.
 * Throws `invalid_input` for OAuth at a process of this machine, `not_found`.
 */
export async function setAuthMode(ctx: Ctx, id: string, { mode }: AuthModeInput): Promise<ServerAuthDto> {
  requirePermission(ctx, "server.manage");
  const upstream = await getUpstream(ctx, id);
  if (mode === "oauth" && upstream.transport === "stdio") {
    throw new AppError("invalid_input", {
      issues: [{ path: "mode", message: "OAuth needs a server reached over HTTP" }],
    });
  }
  await change(ctx, id, "server.auth_mode", { before: { mode: upstream.authMode }, after: { mode } }, async (tx) => {
    await tx.server.updateMany({ where: { id, orgId: ctx.orgId }, data: { authMode: mode } });
  });
  return getServerAuth(ctx, id);
}

/**
 * Keeps a client that an admin registered at an issuer; its secret is sealed and only ever sent to that issuer. The issuer must be the
 * one that the server names now. Throws `oauth_setup`, `invalid_input`, `not_found`.
 */
export async function setSignInClient(ctx: Ctx, id: string, input: SignInClient): Promise<ServerAuthDto> {
  requirePermission(ctx, "server.manage");
  const upstream = await getUpstream(ctx, id);
  const { issuer } = await discover(upstream, [input.issuer]).catch(asSetup);
  if (!sameIssuer(input.issuer, issuer)) {
    const message = "The server names another authorisation server";
    throw new AppError("invalid_input", { issues: [{ path: "issuer", message }] });
  }
  const { clientId, clientSecret: secret } = input;
  const after = { issuer: issuer.issuer, clientId, hasSecret: secret !== null };
  await change(ctx, id, "server.oauth.client.set", { after }, async (tx) => {
    const authMethod = chooseAuthMethod(issuer, secret !== null);
    await writeClient(tx, ctx.orgId, id, issuer.issuer, { clientId, source: "preregistered", authMethod, secret });
  });
  return getServerAuth(ctx, id);
}

/** Forgets the clients that admins entered for a server. Throws `not_found` when there is none. */
export async function removeSignInClient(ctx: Ctx, id: string): Promise<ServerAuthDto> {
  requirePermission(ctx, "server.manage");
  await getUpstream(ctx, id);
  await change(ctx, id, "server.oauth.client.remove", {}, async (tx) => {
    const where = { serverId: id, orgId: ctx.orgId, source: "preregistered" };
    const { count } = await tx.serverOauthClient.deleteMany({ where });
    if (count === 0) throw new AppError("not_found", { detail: "client" });
  });
  return getServerAuth(ctx, id);
}

/**
 * Ends the connection: tokens are deleted here at once, then taken back at the authorisation server where it offers that (RFC 7009).
 * `revoked`: true = it confirmed, false = it did not, null = it offers none. Throws `not_found`.
 */
export async function disconnectServer(ctx: Ctx, id: string): Promise<{ revoked: boolean | null }> {
  requirePermission(ctx, "server.manage");
  const upstream = await getUpstream(ctx, id);
  const held = await prisma().serverOauth.findFirst({ where: { serverId: id, orgId: ctx.orgId } });
  if (!held || held.state === "none") throw new AppError("not_found", { detail: "connection" });
  const before = { state: held.state, issuer: held.issuer };
  await change(ctx, id, "server.oauth.disconnect", { before, after: { state: "none" } }, async (tx) => {
    await dropTokens(tx, ctx, id);
  });
  return { revoked: await revoke(upstream, held) };
}

/** Deletes a server's tokens and begun sign-ins, inside the caller's transaction: also when it moves to another address. */
export async function dropTokens(tx: Tx, ctx: Ctx, id: string): Promise<void> {
  const where = { serverId: id, orgId: ctx.orgId };
  await tx.serverOauthState.deleteMany({ where });
  await tx.serverOauth.updateMany({
    where,
    data: {
      state: "none",
      reason: null,
      issuer: null,
      resource: null,
      scopes: [],
      sealedAccess: null,
      sealedRefresh: null,
      accessIssuedAt: null,
      accessExpiresAt: null,
      renewingUntil: null,
      connectedAt: null,
      connectedById: null,
      version: { increment: 1 },
      updatedAt: ctx.now,
    },
  });
}

interface Held {
  issuer: string | null;
  resource: string | null;
  sealedAccess: string | null;
  sealedRefresh: string | null;
}

async function revoke(
  upstream: Upstream,
  { issuer, resource, sealedAccess, sealedRefresh }: Held,
): Promise<boolean | null> {
  try {
    if (issuer === null || resource === null) return null;
    const metadata = await readIssuer(upstream, issuer);
    if (metadata.revocation_endpoint === undefined) return null;
    const identity = await findIdentity(upstream.id, issuer);
    if (!identity) return false;
    const tokens = [
      ...(sealedRefresh === null ? [] : [open(tokenSeal(upstream.id, "oauth-refresh"), sealedRefresh)]),
      ...(sealedAccess === null ? [] : [open(tokenSeal(upstream.id, "oauth-access"), sealedAccess)]),
    ];
    const ends: boolean[] = [];
    for (const token of tokens)
      ends.push(await revokeToken({ reach: upstream, issuer: metadata, identity, resource }, token));
    return ends.every(Boolean);
  } catch {
    return false;
  }
}

type Noted = Pick<AuditEntry, "before" | "after">;

async function change(
  ctx: Ctx,
  id: string,
  action: string,
  noted: Noted,
  write: (tx: Tx) => Promise<void>,
): Promise<void> {
  await transaction(async (tx) => {
    await write(tx);
    await tx.server.updateMany({
      where: { id, orgId: ctx.orgId },
      data: { updatedAt: ctx.now, version: { increment: 1 } },
    });
    await appendAudit(tx, ctx, { action, object: `server:${id}`, ...noted });
    await publishChange(tx, { topic: "servers", orgId: ctx.orgId, id });
  });
  dropUpstream(id);
  dropConnection(id);
}

async function nameOf(ctx: Ctx, userId: string | null): Promise<string | null> {
  if (userId === null) return null;
  const member = await prisma().member.findFirst({
    where: { userId, orgId: ctx.orgId },
    select: { user: { select: { name: true } } },
  });
  return member?.user.name ?? null;
}
