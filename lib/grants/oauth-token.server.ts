import "server-only";
import { randomUUID } from "node:crypto";
import OAuth2Server from "@node-oauth/oauth2-server";
import { hashOf, isSecretToken, makeSecretToken } from "@/lib/auth/secret-token.server";
import { transaction, type Tx } from "@/lib/db/db.server";
import { env } from "@/lib/env/env.server";
import type { OrgId } from "@/lib/kernel/ids";
import { dropGrant } from "./lookup.server";
import { endFamily, oauthCtx, type Family } from "./oauth-family.server";
import { scope } from "./oauth-metadata";
import { parseResource, resourceOf } from "./oauth-resource";
import { accessSeconds, refreshSeconds } from "./oauth-time";
import { accessPrefix, codePrefix, refreshPrefix } from "./token.server";

/** Status and JSON body of the token endpoint (RFC 6749, sections 5.1 and 5.2). */
export interface TokenAnswer {
  status: number;
  body: Record<string, unknown>;
}

const grantTypes = ["authorization_code", "refresh_token"];

/** What a code or refresh token stands for. */
interface Origin extends Family {
  userId: string;
  resource: string;
}

interface CodeRow extends Origin {
  redirectUri: string;
  codeChallenge: string;
  isUsed: boolean;
  isGood: boolean;
  expiresAt: Date;
}

interface RefreshRow extends Origin {
  id: string;
  isSpent: boolean;
  isGood: boolean;
}

const originColumns = `t.org_id AS "orgId", t.grant_id AS "grantId", t.client_id AS "clientId", t.user_id AS "userId",
  t.family_id AS "familyId", t.resource`;
const liveGrant = `g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > now())`;
/** Both lock the row, so that of two equal requests the second one sees what the first one did. */
const codeSql = `SELECT ${originColumns}, t.redirect_uri AS "redirectUri", t.code_challenge AS "codeChallenge",
  t.expires_at AS "expiresAt", t.used_at IS NOT NULL AS "isUsed", t.expires_at > now() AND ${liveGrant} AS "isGood"
  FROM oauth_code t JOIN "grant" g ON g.id = t.grant_id WHERE t.code_hash = $1 FOR UPDATE OF t`;
const refreshSql = `SELECT ${originColumns}, t.id, t.spent_at IS NOT NULL AS "isSpent",
  t.revoked_at IS NULL AND t.refresh_expires_at > now() AND ${liveGrant} AS "isGood"
  FROM oauth_token t JOIN "grant" g ON g.id = t.grant_id WHERE t.refresh_hash = $1 FOR UPDATE OF t`;
const saveSql = `INSERT INTO oauth_token (id, org_id, grant_id, client_id, user_id, family_id, resource, access_hash, refresh_hash,
  access_expires_at, refresh_expires_at) VALUES ($1::uuid, $2::uuid, $3::uuid, $4, $5::uuid, $6::uuid, $7, $8, $9,
  now() + make_interval(secs => $10), now() + make_interval(secs => $11))`;

/**
 * Exchanges a code or a refresh token for a pair of tokens, in one transaction with everything that it spends. A code and a refresh
 * token work once; a second use ends every token of that authorisation. Refusals are answers; throws only what is a fault of ours.
 */
export async function exchangeToken(form: ReadonlyMap<string, string>): Promise<TokenAnswer> {
  const kind = form.get("grant_type");
  if (kind === undefined) return refusal("invalid_request", "grant_type is missing");
  if (!grantTypes.includes(kind)) return refusal("unsupported_grant_type", `only ${grantTypes.join(" and ")}`);
  const { answer, ended } = await transaction(async (tx) => {
    const model = new TokenModel(tx, form.get("resource"));
    return { answer: await runExchange(model, form), ended: model.ended };
  });
  if (ended !== null) dropGrant(ended);
  return answer;
}

function refusal(error: string, description: string): TokenAnswer {
  return { status: 400, body: { error, error_description: description } };
}

async function runExchange(model: TokenModel, form: ReadonlyMap<string, string>): Promise<TokenAnswer> {
  // There is one scope, whatever was asked for.
  const body = Object.fromEntries([...form].filter(([name]) => name !== "scope"));
  const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": "1" };
  const request = new OAuth2Server.Request({ headers, method: "POST", query: {}, body });
  const response = new OAuth2Server.Response({});
  try {
    await new OAuth2Server({ model }).token(request, response, {
      accessTokenLifetime: accessSeconds,
      refreshTokenLifetime: refreshSeconds,
      requireClientAuthentication: { authorization_code: false, refresh_token: false },
      alwaysIssueNewRefreshToken: true,
    });
    return { status: 200, body: { ...(response.body as object), expires_in: accessSeconds } };
  } catch (error) {
    if (!(error instanceof OAuth2Server.OAuthError) || error.code >= 500) throw causeOf(error);
    return { ...refusal(error.name, error.message), status: error.code };
  }
}

/** What the library wrapped. */
function causeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "inner" in error ? error.inner : error;
}

/** Our tables as the library wants to see them, for one request. */
class TokenModel {
  /** Grant of the family that a reuse has ended. */
  ended: string | null = null;
  readonly #tx: Tx;
  readonly #resource: string | undefined;
  #origin: Origin | null = null;
  #spent: { codeHash: string } | { id: string } | null = null;

  constructor(tx: Tx, resource: string | undefined) {
    this.#tx = tx;
    this.#resource = resource;
  }

  /** Public clients only: one that shows a secret is not one of ours. */
  getClient = async (clientId: string, clientSecret: string | null) => {
    if (clientSecret || clientId.length > 500) return null;
    const touched = await this.#tx
      .$executeRaw`UPDATE oauth_client SET last_used_at = now() WHERE client_id = ${clientId}`;
    return touched === 1 ? { id: clientId, grants: grantTypes } : null;
  };

  getAuthorizationCode = async (code: string) => {
    if (!isSecretToken(codePrefix, code)) return null;
    const codeHash = hashOf(code);
    const [row] = await this.#tx.$queryRawUnsafe<CodeRow[]>(codeSql, codeHash);
    if (row?.isUsed) await this.#end(row, "an authorisation code came twice");
    if (!row || row.isUsed || !row.isGood) return null;
    this.#checkResource(row);
    this.#origin = row;
    this.#spent = { codeHash };
    const { redirectUri, codeChallenge, clientId, userId } = row;
    return {
      authorizationCode: code,
      // Judged by the database's clock above; the library would ask this process's.
      expiresAt: new Date(8.64e15),
      redirectUri,
      codeChallenge,
      codeChallengeMethod: "S256",
      client: { id: clientId, grants: [] },
      user: { id: userId },
    };
  };

  revokeAuthorizationCode = async () => {
    const hash = this.#spent && "codeHash" in this.#spent ? this.#spent.codeHash : "";
    const spent = await this.#tx
      .$executeRaw`UPDATE oauth_code SET used_at = now() WHERE code_hash = ${hash} AND used_at IS NULL`;
    return spent === 1;
  };

  getRefreshToken = async (refreshToken: string) => {
    if (!isSecretToken(refreshPrefix, refreshToken)) return null;
    const [row] = await this.#tx.$queryRawUnsafe<RefreshRow[]>(refreshSql, hashOf(refreshToken));
    if (row?.isSpent) await this.#end(row, "a spent refresh token came again");
    if (!row || row.isSpent || !row.isGood) return null;
    this.#checkResource(row);
    this.#origin = row;
    this.#spent = { id: row.id };
    return { refreshToken, scope: [scope], client: { id: row.clientId, grants: [] }, user: { id: row.userId } };
  };

  revokeToken = async () => {
    const id = this.#spent && "id" in this.#spent ? this.#spent.id : null;
    const spent = await this.#tx
      .$executeRaw`UPDATE oauth_token SET spent_at = now() WHERE id = ${id}::uuid AND spent_at IS NULL`;
    return spent === 1;
  };

  generateAccessToken = async () => makeSecretToken(accessPrefix);
  generateRefreshToken = async () => makeSecretToken(refreshPrefix);
  validateScope = async () => [scope];

  saveToken = async (token: OAuth2Server.Token, client: OAuth2Server.Client, user: OAuth2Server.User) => {
    const origin = this.#origin;
    if (!origin || !token.refreshToken) return null;
    const { orgId, grantId, clientId, userId, familyId, resource } = origin;
    const hashes = [hashOf(token.accessToken), hashOf(token.refreshToken)];
    const ids = [randomUUID(), orgId, grantId, clientId, userId, familyId, resource];
    await this.#tx.$executeRawUnsafe(saveSql, ...ids, ...hashes, accessSeconds, refreshSeconds);
    return { ...token, scope: [scope], client, user };
  };

  /** Never asked: tokens are looked up by the gateway. */
  getAccessToken = async () => null;
  saveAuthorizationCode = async () => null;

  /** RFC 8707, section 2.2: a token is for what was approved. Left out, it is that anyway. */
  #checkResource({ resource }: Origin): void {
    if (this.#resource === undefined) return;
    const { publicUrl } = env();
    const target = parseResource(publicUrl, this.#resource);
    if (target && resourceOf(publicUrl, target) === resource) return;
    const message = "resource is not the one that was approved";
    throw new OAuth2Server.OAuthError(message, { code: 400, name: "invalid_target" });
  }

  async #end(family: Family & { orgId: OrgId }, reason: string): Promise<void> {
    await endFamily(this.#tx, await oauthCtx(this.#tx, family.orgId), family, reason);
    this.ended = family.grantId;
  }
}
