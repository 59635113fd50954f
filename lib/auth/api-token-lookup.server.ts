import "server-only";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { pool } from "@/lib/db/db.server";
import { bearerOf } from "@/lib/kernel/bearer";
import type { Ctx, Role } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import type { OrgId, UserId } from "@/lib/kernel/ids";
import { singleton } from "@/lib/kernel/singleton";
import { takeAttempt } from "./attempts.server";
import { lesserRole, permissionsOf } from "./matrix";
import { hashOf, isSecretToken, sameHash } from "./secret-token.server";

/** What every API token begins with. */
export const apiTokenPrefix = "plt_";

/** Tokens per address that have the form of one and are not good. */
const failures = { points: 5, duration: 60 };

interface TokenRow {
  id: string;
  tokenName: string;
  tokenHash: string;
  tokenRole: Role;
  orgId: OrgId;
  userId: UserId;
  name: string;
  email: string;
  ownerRole: Role;
  now: Date;
  isIdle: boolean;
}

const findSql = `SELECT t.id, t.name AS "tokenName", t.token_hash AS "tokenHash", t.role AS "tokenRole",
  t.org_id AS "orgId", t.user_id AS "userId", u.name, u.email, m.role AS "ownerRole", now() AS now,
  (t.last_used_at IS NULL OR t.last_used_at < now() - interval '1 minute') AS "isIdle"
  FROM api_token t JOIN app_user u ON u.id = t.user_id
  JOIN member m ON m.user_id = t.user_id AND m.org_id = t.org_id
  WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND t.expires_at > now()`;

/**
 * The caller behind a Bearer header: the token's owner, with the lesser of the token's role and the owner's as it is now. Nothing is
 * cached, so that revocation, demotion and removal count from the next request on. Throws `api_token` alike for every token that is
 * not good, and `too_many_requests` from the sixth well-formed one of an address within a minute; good tokens are not affected.
 */
export async function getCtxByBearer(authorization: string, address: string, requestId: string): Promise<Ctx> {
  const token = bearerOf(authorization);
  if (token === null || !isSecretToken(apiTokenPrefix, token)) throw new AppError("api_token", { detail: "form" });
  const row = await findToken(hashOf(token));
  if (!row) {
    const limiter = singleton("api-token-failures", () => new RateLimiterMemory(failures));
    await takeAttempt(limiter, address, "API tokens");
    throw new AppError("api_token");
  }
  if (row.isIdle) noteUsed(row.id);
  return toCtx(row, requestId);
}

async function findToken(tokenHash: string): Promise<TokenRow | null> {
  const found = await pool().query<TokenRow>({ name: "api-token-by-hash", text: findSql, values: [tokenHash] });
  const row = found.rows[0];
  return row && sameHash(row.tokenHash, tokenHash) ? row : null;
}

/** A display fact, written at most once a minute and waited for by nobody. */
function noteUsed(id: string): void {
  pool()
    .query("UPDATE api_token SET last_used_at = now() WHERE id = $1::uuid", [id])
    .catch(() => undefined);
}

function toCtx(row: TokenRow, requestId: string): Ctx {
  const { orgId, userId, name, email, now } = row;
  const role = lesserRole(row.tokenRole, row.ownerRole);
  const apiToken = { id: row.id, name: row.tokenName };
  return {
    orgId,
    actor: { kind: "user", userId, sessionId: null, name, email, role, apiToken },
    permissions: permissionsOf(role),
    requestId,
    now,
  };
}
