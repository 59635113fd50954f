import "server-only";
import { randomUUID } from "node:crypto";
import { appendAudit } from "@/lib/audit/audit.server";
import { hashOf, isSecretToken, makeSecretToken } from "@/lib/auth/secret-token.server";
import { pool, prisma, publishChange, transaction, type Tx } from "@/lib/db/db.server";
import { env } from "@/lib/env/env.server";
import { requirePermission, requireSession, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { isUuid, type OrgId } from "@/lib/kernel/ids";
import type { Approved, ApproveInput, ConnectorDto } from "./connector-schema";
import { mintGrant } from "./grants.server";
import { dropGrant } from "./lookup.server";
import { answerUri } from "./oauth-authorize";
import { checkRequest, type CheckedRequest } from "./oauth-consent.server";
import { endFamily, oauthCtx, type Family } from "./oauth-family.server";
import { resourceOf } from "./oauth-resource";
import { codeSeconds } from "./oauth-time";
import { accessPrefix, codePrefix, refreshPrefix } from "./token.server";

const codeSql = `INSERT INTO oauth_code (code_hash, org_id, grant_id, client_id, user_id, redirect_uri, code_challenge, resource,
  family_id, expires_at) VALUES ($1, $2::uuid, $3::uuid, $4, $5::uuid, $6, $7, $8, $9::uuid, now() + make_interval(secs => $10))`;

const listSql = `SELECT t.family_id AS id, c.name, c.source, t.client_id AS "clientId", u.name AS "approvedBy",
  min(t.created_at) AS since, max(t.last_used_at) AS "lastUsedAt"
  FROM oauth_token t JOIN "grant" g ON g.id = t.grant_id
  LEFT JOIN oauth_client c ON c.client_id = t.client_id LEFT JOIN app_user u ON u.id = t.user_id
  WHERE t.org_id = $1 AND t.grant_id = $2 AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > now())
  GROUP BY t.family_id, c.name, c.source, t.client_id, u.name
  HAVING bool_or(t.revoked_at IS NULL AND (t.access_expires_at > now() OR t.spent_at IS NULL AND t.refresh_expires_at > now()))
  ORDER BY since DESC LIMIT 200`;

const countSql = `SELECT grant_id AS id, count(DISTINCT family_id)::int AS clients FROM oauth_token
  WHERE org_id = $1 AND revoked_at IS NULL
    AND (access_expires_at > now() OR spent_at IS NULL AND refresh_expires_at > now())
  GROUP BY grant_id`;

interface ConnectorRow {
  id: string;
  name: string | null;
  source: string | null;
  clientId: string;
  approvedBy: string | null;
  since: Date;
  lastUsedAt: Date | null;
}

/** The clients that hold tokens of a grant, newest first. Throws `not_found` for a grant of another organisation. */
export async function listConnectors(ctx: Ctx, grantId: string): Promise<ConnectorDto[]> {
  requirePermission(ctx, "read");
  const grant = isUuid(grantId)
    ? await prisma().grant.findFirst({ where: { id: grantId, orgId: ctx.orgId }, select: { id: true } })
    : null;
  if (!grant) throw new AppError("not_found", { detail: "grant" });
  const { rows } = await pool().query<ConnectorRow>(listSql, [ctx.orgId, grantId]);
  return rows.map((row) => ({
    id: row.id,
    client: {
      name: row.name ?? "Unnamed client",
      confirmedBy: row.source === "cimd" ? new URL(row.clientId).host : null,
    },
    approvedBy: row.approvedBy,
    since: row.since.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
  }));
}

/** How many clients hold tokens of each grant of the organisation; grants without one are left out. Ended grants may be among them. */
export async function countConnectors(ctx: Ctx): Promise<ReadonlyMap<string, number>> {
  requirePermission(ctx, "read");
  const { rows } = await pool().query<{ id: string; clients: number }>(countSql, [ctx.orgId]);
  return new Map(rows.map(({ id, clients }) => [id, clients]));
}

/**
 * Hands a grant, or a fresh one minted for it, to the client of an authorisation request: the answer's URL carries a code that works
 * once, for a minute, for this client, redirect URI and PKCE challenge. Takes a session. Throws `invalid_input` when the request is not
 * good or the grant is not an active one of the requested server or bundle.
 */
export async function approveConnector(ctx: Ctx, input: ApproveInput): Promise<Approved> {
  requirePermission(ctx, "grant.manage");
  requireSession(ctx);
  if (ctx.actor.kind !== "user") throw new AppError("forbidden", { detail: "not a person" });
  const checked = await checkRequest(ctx, input.request, "stored");
  if (checked.kind === "refused") throw invalid("request", checked.description);
  const grantId = await chosenGrant(ctx, input, checked);
  const code = makeSecretToken(codePrefix);
  const familyId = randomUUID();
  const { client, request, redirectUri, parameters } = checked;
  const { publicUrl } = env();
  await transaction(async (tx) => {
    await requireGrant(tx, ctx, grantId, checked);
    await prune(tx);
    const who = [ctx.orgId, grantId, client.clientId, ctx.actor.kind === "user" ? ctx.actor.userId : null];
    const what = [redirectUri, request.codeChallenge, resourceOf(publicUrl, request.target), familyId, codeSeconds];
    await tx.$executeRawUnsafe(codeSql, hashOf(code), ...who, ...what);
    await appendAudit(tx, ctx, {
      action: "connector.approve",
      object: `grant:${grantId}`,
      after: { connector: familyId, client: client.clientId, name: client.name, source: client.source, redirectUri },
    });
    await publishChange(tx, { topic: "grants", orgId: ctx.orgId, id: grantId });
  });
  return { redirectTo: answerUri(redirectUri, { code }, parameters, publicUrl) };
}

/** Ends one client's access, open streams included. Twice changes nothing. Throws `not_found` for another organisation's. */
export async function disconnectConnector(ctx: Ctx, id: string): Promise<void> {
  requirePermission(ctx, "grant.manage");
  const family = await transaction(async (tx) => {
    const found = isUuid(id)
      ? await tx.oauthToken.findFirst({ where: { familyId: id, orgId: ctx.orgId }, orderBy: { createdAt: "desc" } })
      : null;
    if (!found) throw new AppError("not_found", { detail: "connector" });
    const { familyId, grantId, clientId } = found;
    await endFamily(tx, ctx, { familyId, grantId, clientId, orgId: ctx.orgId }, "disconnected");
    return found;
  });
  dropGrant(family.grantId);
}

/**
 * Token revocation (RFC 7009): ends the whole authorisation of an access or refresh token. A token that is unknown or another client's
 * changes nothing, and the caller is not told.
 */
export async function revokeToken(token: string, clientId: string): Promise<void> {
  const column = isSecretToken(accessPrefix, token)
    ? "accessHash"
    : isSecretToken(refreshPrefix, token)
      ? "refreshHash"
      : null;
  if (column === null) return;
  const hash = hashOf(token);
  const ended = await transaction(async (tx) => {
    const where = column === "accessHash" ? { accessHash: hash } : { refreshHash: hash };
    const found = await tx.oauthToken.findUnique({ where });
    if (found?.clientId !== clientId) return null;
    const family: Family = { ...found, orgId: found.orgId as OrgId };
    await endFamily(tx, await oauthCtx(tx, family.orgId), family, "revoked by the client");
    return family;
  });
  if (ended) dropGrant(ended.grantId);
}

async function chosenGrant(ctx: Ctx, { grant }: ApproveInput, { request }: CheckedRequest): Promise<string> {
  if (grant.kind === "existing") return grant.grantId;
  const { kind, id } = request.target;
  const scope = kind === "bundle" ? { bundleId: id } : { serverId: id };
  const { label, policyId, expiresInDays } = grant;
  const minted = await mintGrant(ctx, { label, ...scope, policyId, expiresInDays, tags: [] });
  return minted.grant.id;
}

async function requireGrant(tx: Tx, ctx: Ctx, grantId: string, { request }: CheckedRequest): Promise<void> {
  const { kind, id } = request.target;
  const found = await tx.grant.findFirst({
    where: {
      id: grantId,
      orgId: ctx.orgId,
      ...(kind === "bundle" ? { bundleId: id } : { serverId: id }),
      revokedAt: null,
      OR: [{ expiresAt: null }, { expiresAt: { gt: ctx.now } }],
    },
    select: { id: true },
  });
  if (!found) throw invalid("grant.grantId", "There is no such active grant for this server");
}

/** What can no longer matter: a code that comes twice after a day, and tokens whose renewal is long over. */
async function prune(tx: Tx): Promise<void> {
  await tx.$executeRaw`DELETE FROM oauth_code WHERE expires_at < now() - interval '1 day'`;
  await tx.$executeRaw`DELETE FROM oauth_token WHERE refresh_expires_at < now() - interval '1 day'`;
}

function invalid(path: string, message: string): AppError {
  return new AppError("invalid_input", { issues: [{ path, message }] });
}
