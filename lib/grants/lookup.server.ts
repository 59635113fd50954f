import "server-only";
import { onChange, onReconnect, pool } from "@/lib/db/db.server";
import { AppError } from "@/lib/kernel/errors";
import { FreshCache } from "@/lib/kernel/fresh-cache";
import type { GrantId, OrgId, PolicyId, ServerId } from "@/lib/kernel/ids";
import { singleton } from "@/lib/kernel/singleton";
import { hashOf, isWellFormed, sameHash } from "./token.server";

/** A grant as the gateway knows it. `state` is by the database clock, at most one second old. */
export interface GrantIdentity {
  readonly id: GrantId;
  readonly orgId: OrgId;
  readonly serverId: ServerId;
  readonly policyId: PolicyId | null;
  readonly label: string;
  readonly tags: readonly string[];
  readonly version: number;
  readonly state: "active" | "expired" | "revoked" | "not_yet";
}

const cachedMax = 20_000;

const findSql = `SELECT id, org_id AS "orgId", server_id AS "serverId", policy_id AS "policyId", label, tags, version,
  token_hash AS "tokenHash",
  CASE WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= now() THEN 'expired'
       WHEN not_before > now() THEN 'not_yet' ELSE 'active' END AS state
  FROM "grant" WHERE token_hash = $1`;

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
 * The grant of a token, or null for a token that is malformed (no database work) or unknown. Never older than one second
 * without a check. Throws `ledger_unavailable` when the database cannot be asked.
 */
export async function findGrantByToken(token: string): Promise<GrantIdentity | null> {
  if (!isWellFormed(token)) return null;
  return identities().find(hashOf(token));
}

/** Forgets what is cached of a grant, so that the next use asks the database. */
export function dropGrant(id: string): void {
  identities().dropWhere((grant) => grant.id === id);
}

async function loadIdentity(tokenHash: string): Promise<GrantIdentity | null> {
  const found = await pool()
    .query<GrantIdentity & { tokenHash: string }>({ name: "grant-by-token", text: findSql, values: [tokenHash] })
    .catch((cause: unknown) => {
      throw new AppError("ledger_unavailable", { detail: "grant look-up", cause });
    });
  const row = found.rows[0];
  if (!row || !sameHash(row.tokenHash, tokenHash)) return null;
  const { tokenHash: _, ...identity } = row;
  return Object.freeze(identity);
}
