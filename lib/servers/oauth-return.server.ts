import "server-only";
import { AuthorizationResponseError, validateAuthResponse } from "oauth4webapi";
import { appendAudit } from "@/lib/audit/audit.server";
import { pool, publishChange, transaction } from "@/lib/db/db.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError, isAppError } from "@/lib/kernel/errors";
import { open } from "@/lib/vault/vault.server";
import { dropUpstream, type Upstream } from "./lookup.server";
import { findIdentity, forgetClient } from "./oauth-client.server";
import { readIssuer } from "./oauth-discovery.server";
import { oauthError, OauthStop } from "./oauth-fault";
import type { SignInReturn } from "./oauth-schema";
import { getUpstream, requirePerson, stateHash, verifierSeal, type Person } from "./oauth-sign-in.server";
import { dropConnection, sealTokens, type Tokens } from "./oauth-store.server";
import { redeemCode, TokenRefusal } from "./oauth-tokens.server";
import { scanServer } from "./scan.server";

interface Begun {
  id: string;
  serverId: string;
  issuer: string;
  resource: string;
  scopes: string[];
  redirectUri: string;
  sealedVerifier: string;
}

const useSql = `UPDATE server_oauth_state SET used_at = clock_timestamp()
  WHERE state_hash = $1 AND org_id = $2 AND user_id = $3 AND session_id = $4
    AND used_at IS NULL AND expires_at > clock_timestamp()
  RETURNING id, server_id AS "serverId", issuer, resource, scopes, redirect_uri AS "redirectUri",
    sealed_verifier AS "sealedVerifier"`;

/**
 * Finishes a sign-in with the query string that the person came back with: the state first, which is used up by this; then `iss` (RFC
 * 9207), compared as text with the issuer that was asked; then the code for tokens of the resource. From then on the server is called
 * with the token, and its tools are scanned. Throws `oauth_state`, or `oauth_sign_in` with the fault; nothing is stored then.
 */
export async function finishSignIn(ctx: Ctx, { query }: SignInReturn): Promise<{ serverId: string }> {
  requirePermission(ctx, "server.manage");
  const person = requirePerson(ctx);
  const answer = new URLSearchParams(query);
  const states = answer.getAll("state");
  const [state] = states;
  const begun = states.length === 1 && state !== undefined ? await takeState(ctx, person, state) : null;
  if (!begun || state === undefined) throw new AppError("oauth_state");
  const upstream = await getUpstream(ctx, begun.serverId);
  const tokens = await redeem(upstream, begun, answer, state).catch(asSignIn);
  await keepConnection(ctx, begun, tokens);
  await tryScan(ctx, begun.serverId);
  return { serverId: begun.serverId };
}

/** The state of this very person and session, used up now; null for any other, which stays as it is. */
async function takeState(ctx: Ctx, { userId, sessionId }: Person, state: string): Promise<Begun | null> {
  const { rows } = await pool().query<Begun>(useSql, [stateHash(state), ctx.orgId, userId, sessionId]);
  return rows[0] ?? null;
}

async function redeem(upstream: Upstream, begun: Begun, answer: URLSearchParams, state: string): Promise<Tokens> {
  const { issuer, resource, redirectUri } = begun;
  const metadata = await readIssuer(upstream, issuer);
  if (metadata.issuer !== issuer) throw new OauthStop("issuer_mismatch");
  const identity = await findIdentity(upstream.id, issuer);
  if (!identity) throw new OauthStop("token");
  const checked = checkAnswer(() => validateAuthResponse(metadata, identity.client, answer, state));
  const verifier = open(verifierSeal(begun.id), begun.sealedVerifier);
  try {
    return await redeemCode({ reach: upstream, issuer: metadata, identity, resource }, checked, {
      redirectUri,
      verifier,
    });
  } catch (error) {
    if (!(error instanceof TokenRefusal)) throw error;
    if (error.code === "invalid_client") await forgetClient(upstream.id, issuer);
    throw new OauthStop("code_refused", error);
  }
}

function checkAnswer(check: () => URLSearchParams): URLSearchParams {
  try {
    return check();
  } catch (error) {
    throw new OauthStop(error instanceof AuthorizationResponseError ? "denied" : "wrong_issuer", error);
  }
}

async function keepConnection(ctx: Ctx, begun: Begun, tokens: Tokens): Promise<void> {
  const { orgId, actor } = ctx;
  const { serverId, issuer, resource, scopes } = begun;
  const connected = {
    ...sealTokens(serverId, tokens),
    state: "connected",
    reason: null,
    issuer,
    resource,
    scopes,
    connectedById: actor.kind === "user" ? actor.userId : null,
    renewingUntil: null,
  };
  await transaction(async (tx) => {
    await tx.serverOauth.upsert({
      where: { serverId },
      create: { serverId, orgId, ...connected },
      update: { ...connected, version: { increment: 1 } },
    });
    await tx.$executeRaw`
      UPDATE server_oauth SET access_issued_at = clock_timestamp(), connected_at = clock_timestamp(),
        updated_at = clock_timestamp(),
        access_expires_at = clock_timestamp() + make_interval(secs => ${tokens.expiresIn}::float8)
      WHERE server_id = ${serverId}::uuid AND org_id = ${orgId}::uuid`;
    await tx.server.updateMany({
      where: { id: serverId, orgId },
      data: { authMode: "oauth", updatedAt: ctx.now, version: { increment: 1 } },
    });
    const after = { state: "connected", issuer, resource, scopes };
    await appendAudit(tx, ctx, { action: "server.oauth.connect", object: `server:${serverId}`, after });
    await publishChange(tx, { topic: "servers", orgId, id: serverId });
  });
  dropUpstream(serverId);
  dropConnection(serverId);
}

/** The sign-in stands whatever the scan finds; its failure is shown on the server's page. */
async function tryScan(ctx: Ctx, serverId: string): Promise<void> {
  try {
    await scanServer(ctx, serverId);
  } catch (error) {
    if (!isAppError(error) || !["scan_failed", "address_blocked"].includes(error.code)) throw error;
  }
}

function asSignIn(error: unknown): never {
  throw error instanceof OauthStop ? oauthError("oauth_sign_in", error.fault, error) : error;
}
