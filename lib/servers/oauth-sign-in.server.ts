import "server-only";
import { createHash, randomUUID } from "node:crypto";
import { calculatePKCECodeChallenge, generateRandomCodeVerifier, generateRandomState } from "oauth4webapi";
import { appendAudit } from "@/lib/audit/audit.server";
import { prisma, transaction } from "@/lib/db/db.server";
import { requirePermission, requireSession, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { isUuid, type SessionId, type UserId } from "@/lib/kernel/ids";
import { seal } from "@/lib/vault/vault.server";
import { loadUpstream, type Upstream } from "./lookup.server";
import { findSource, getIdentity, redirectUri, type Identity } from "./oauth-client.server";
import { discover, sameIssuer, type Discovered } from "./oauth-discovery.server";
import { oauthError, OauthStop } from "./oauth-fault";
import type { SignInPlan, SignInStart } from "./oauth-schema";

/** A sign-in must be finished within this time. */
const stateSeconds = 600;

/** A person with a session, the only kind of caller that can be sent to a browser and come back. */
export interface Person {
  userId: UserId;
  sessionId: SessionId;
}

/**
 * What signing in at a server would do, found out now: who is asked, for what, as which client. Changes nothing.
 * Throws `oauth_setup` with the fault, `not_found`.
 */
export async function planSignIn(ctx: Ctx, id: string): Promise<SignInPlan> {
  requirePermission(ctx, "server.manage");
  const upstream = await getUpstream(ctx, id);
  const found = await discovered(ctx, upstream);
  const { resource, issuer, scopes } = found;
  const source = await findSource(upstream, issuer);
  return {
    serverId: id,
    serverName: upstream.name,
    upstream: upstream.url,
    resource,
    issuer: issuer.issuer,
    opens: new URL(issuer.authorization_endpoint).host,
    scopes,
    redirectUri: redirectUri(),
    client: source ?? { source: "needed", clientId: null },
  };
}

/**
 * Begins what a person confirmed and answers the address to open. Everything is found out again; `conflict` when issuer or scopes are no
 * longer those that were confirmed. The state is used once, within ten minutes, by the same person in the same session; PKCE S256 and
 * `resource` (RFC 8707) bind what comes back. Throws `oauth_setup`, `oauth_client_needed`, `forbidden` for an API token.
 */
export async function startSignIn(ctx: Ctx, id: string, confirmed: SignInStart): Promise<{ url: string }> {
  requirePermission(ctx, "server.manage");
  const person = requirePerson(ctx);
  const upstream = await getUpstream(ctx, id);
  const found = await discovered(ctx, upstream);
  if (!sameIssuer(confirmed.issuer, found.issuer) || !sameList(confirmed.scopes, found.scopes)) {
    throw new AppError("conflict", { detail: "the server asks for something else by now" });
  }
  const identity = await getIdentity(ctx.orgId, upstream, found.issuer).catch(asSetup);
  if (!identity) throw new AppError("oauth_client_needed");
  const verifier = generateRandomCodeVerifier();
  const state = generateRandomState();
  await keepState(ctx, person, { id, found, identity, state, verifier });
  return { url: await toUrl(found, identity, state, verifier) };
}

/** What the state's digest is stored under. */
export function stateHash(state: string): string {
  return createHash("sha256").update(state).digest("hex");
}

/** The seal of a state's PKCE verifier. */
export function verifierSeal(id: string) {
  return { table: "server_oauth_state", id, purpose: "oauth-verifier" } as const;
}

/** The person behind a request. Throws `forbidden` for API tokens and for what runs by itself. */
export function requirePerson(ctx: Ctx): Person {
  requireSession(ctx);
  const { actor } = ctx;
  if (actor.kind !== "user" || actor.sessionId === null) throw new AppError("forbidden", { detail: "needs a session" });
  return { userId: actor.userId, sessionId: actor.sessionId };
}

/** A server of the caller's organisation. Throws `not_found`. */
export async function getUpstream(ctx: Ctx, id: string): Promise<Upstream> {
  const upstream = isUuid(id) ? await loadUpstream(id) : null;
  if (upstream?.orgId !== ctx.orgId) throw new AppError("not_found", { detail: "server" });
  return upstream;
}

/** A stopped step as the refusal of a set-up. */
export function asSetup(error: unknown): never {
  throw error instanceof OauthStop ? oauthError("oauth_setup", error.fault, error) : error;
}

/**
 * Discovery with what is stored: issuers that a client was entered for come first, and a connection that lacked scopes asks for the old
 * and the new ones together.
 */
async function discovered(ctx: Ctx, upstream: Upstream): Promise<Discovered> {
  const where = { serverId: upstream.id, orgId: ctx.orgId };
  const clients = await prisma().serverOauthClient.findMany({ where: { ...where, source: "preregistered" } });
  const known = clients.map((client) => client.issuer);
  const found = await discover(upstream, known).catch(asSetup);
  const before = await prisma().serverOauth.findFirst({ where: { ...where, reason: "insufficient_scope" } });
  return { ...found, scopes: [...new Set([...(before?.scopes ?? []), ...found.scopes])] };
}

interface Begun {
  id: string;
  found: Discovered;
  identity: Identity;
  state: string;
  verifier: string;
}

async function keepState(ctx: Ctx, person: Person, { id, found, identity, state, verifier }: Begun): Promise<void> {
  const rowId = randomUUID();
  const { orgId, now } = ctx;
  const { resource, scopes } = found;
  const { issuer } = found.issuer;
  await transaction(async (tx) => {
    await tx.serverOauthState.deleteMany({ where: { orgId, expiresAt: { lt: now } } });
    await tx.serverOauthState.create({
      data: {
        stateHash: stateHash(state),
        id: rowId,
        orgId,
        serverId: id,
        ...person,
        issuer,
        resource,
        scopes,
        redirectUri: redirectUri(),
        sealedVerifier: seal(verifierSeal(rowId), verifier),
        createdAt: now,
        expiresAt: new Date(now.getTime() + stateSeconds * 1000),
      },
    });
    const after = { issuer, resource, scopes, client: identity.client.client_id, source: identity.source };
    await appendAudit(tx, ctx, { action: "server.oauth.start", object: `server:${id}`, after });
  });
}

async function toUrl(found: Discovered, identity: Identity, state: string, verifier: string): Promise<string> {
  const url = new URL(found.issuer.authorization_endpoint);
  const asked = {
    response_type: "code",
    client_id: identity.client.client_id,
    redirect_uri: redirectUri(),
    state,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    resource: found.resource,
    ...(found.scopes.length > 0 ? { scope: found.scopes.join(" ") } : {}),
    // Without it, many issuers give no refresh token a second time (OpenID Connect Core section 11).
    ...(found.scopes.includes("offline_access") ? { prompt: "consent" } : {}),
  };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  return url.href;
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item));
}
