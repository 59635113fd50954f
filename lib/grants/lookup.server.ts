import "server-only";
import { isSecretToken } from "@/lib/auth/secret-token.server";
import { onChange, onReconnect, pool } from "@/lib/db/db.server";
import { env } from "@/lib/env/env.server";
import { AppError } from "@/lib/kernel/errors";
import { FreshCache } from "@/lib/kernel/fresh-cache";
import type { BundleId, GrantId, OrgId, PolicyId, ServerId } from "@/lib/kernel/ids";
import { singleton } from "@/lib/kernel/singleton";
import { accessPrefix, hashOf, isWellFormed, sameHash } from "./token.server";

/** A grant as the gateway knows it. `state` is by the database clock, at most one second old. */
export interface GrantIdentity {
  readonly id: GrantId;
  readonly orgId: OrgId;
  /** Exactly one of server and bundle is there. */
  readonly serverId: ServerId | null;
  readonly bundleId: BundleId | null;
  /** Null also in every bundle, where each server has its own. */
  readonly policyId: PolicyId | null;
  readonly label: string;
  readonly tags: readonly string[];
  readonly version: number;
  /** `token_…`: the grant is active, the access token that a client got for it over OAuth is not. */
  readonly state: "active" | "expired" | "revoked" | "not_yet" | "token_expired" | "token_revoked";
  /** Id of the access token that a client came with; null when it came with the grant's own. */
  readonly accessTokenId: string | null;
}

/** A grant at one server: the one that it is for, or a server of its bundle, whose policy it then carries. */
export interface ServerGrant extends GrantIdentity {
  readonly serverId: ServerId;
  /** Version of the bundle that this was read from; absent outside one. */
  readonly bundleVersion?: number;
}

const cachedMax = 20_000;

const columns = `g.id, g.org_id AS "orgId", g.server_id AS "serverId", g.bundle_id AS "bundleId",
  g.policy_id AS "policyId", g.label, g.tags, g.version`;
const grantState = `WHEN g.revoked_at IS NOT NULL THEN 'revoked' WHEN g.expires_at <= now() THEN 'expired'
  WHEN g.not_before > now() THEN 'not_yet'`;

const grantSql = `SELECT ${columns}, g.token_hash AS "tokenHash", NULL AS "accessTokenId",
  CASE ${grantState} ELSE 'active' END AS state FROM "grant" g WHERE g.token_hash = $1`;

const accessSql = `SELECT ${columns}, t.access_hash AS "tokenHash", t.id AS "accessTokenId",
  CASE ${grantState} WHEN t.revoked_at IS NOT NULL THEN 'token_revoked'
       WHEN t.access_expires_at <= now() THEN 'token_expired' ELSE 'active' END AS state
  FROM oauth_token t JOIN "grant" g ON g.id = t.grant_id WHERE t.access_hash = $1`;

/** Marks the cache key of an access token, whose hash stands in another table. */
const accessMark = "access ";

function identities(): FreshCache<GrantIdentity> {
  return singleton("grant-identities", () => {
    const cache = new FreshCache<GrantIdentity>({
      max: cachedMax,
      maxAgeMs: 1000,
      clock: () => performance.now(),
      load: loadIdentity,
    });
    onChange((change) => {
      if (change.topic === "grants") cache.dropWhere((grant) => grant.id === change.id);
    });
    onReconnect(() => {
      cache.clear();
    });
    return cache;
  });
}

/**
 * The grant of a token, its own or an access token that a client got for it, or null for a token that is malformed (no database work)
 * or unknown. Never older than one second without a check. Throws `ledger_unavailable` when the database cannot be asked.
 */
export async function findGrantByToken(token: string): Promise<GrantIdentity | null> {
  if (isWellFormed(token)) return identities().find(hashOf(token));
  if (!env().mcpOauth || !isSecretToken(accessPrefix, token)) return null;
  return identities().find(accessMark + hashOf(token));
}

/** Forgets what is cached of a grant, so that the next use asks the database. */
export function dropGrant(id: string): void {
  identities().dropWhere((grant) => grant.id === id);
}

async function loadIdentity(key: string): Promise<GrantIdentity | null> {
  const isAccess = key.startsWith(accessMark);
  const tokenHash = isAccess ? key.slice(accessMark.length) : key;
  const query = isAccess ? { name: "grant-by-access", text: accessSql } : { name: "grant-by-token", text: grantSql };
  const found = await pool()
    .query<GrantIdentity & { tokenHash: string }>({ ...query, values: [tokenHash] })
    .catch((cause: unknown) => {
      throw new AppError("ledger_unavailable", { detail: "grant look-up", cause });
    });
  const row = found.rows[0];
  if (!row || !sameHash(row.tokenHash, tokenHash)) return null;
  const { tokenHash: _, ...identity } = row;
  return Object.freeze(identity);
}
