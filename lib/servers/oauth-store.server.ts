import "server-only";
import { onChange, onReconnect, pool } from "@/lib/db/db.server";
import { AppError } from "@/lib/kernel/errors";
import { FreshCache } from "@/lib/kernel/fresh-cache";
import type { OrgId } from "@/lib/kernel/ids";
import { singleton } from "@/lib/kernel/singleton";
import { open, seal } from "@/lib/vault/vault.server";

/** How the gateway stands with an upstream's authorisation server. Tokens stay sealed here. */
export interface Connection {
  readonly orgId: OrgId;
  readonly state: "none" | "connected" | "reconnect";
  readonly issuer: string | null;
  readonly resource: string | null;
  readonly scopes: readonly string[];
  readonly sealedAccess: string | null;
  readonly sealedRefresh: string | null;
  /** Rises with every change of the tokens or the state. */
  readonly version: number;
  /** Milliseconds since the token was given, by the database's clock at `readAtMs`. */
  readonly ageMs: number | null;
  /** Whole life of the token; null = its issuer set no end. */
  readonly lifeMs: number | null;
  /** Monotonic time at which `ageMs` held. */
  readonly readAtMs: number;
}

const cachedMax = 2000;
const loadSql = `SELECT org_id AS "orgId", state, issuer, resource, scopes, sealed_access AS "sealedAccess",
  sealed_refresh AS "sealedRefresh", version,
  (extract(epoch FROM clock_timestamp() - access_issued_at) * 1000)::float8 AS "ageMs",
  (extract(epoch FROM access_expires_at - access_issued_at) * 1000)::float8 AS "lifeMs"
  FROM server_oauth WHERE server_id = $1`;
const versionSql = `SELECT version FROM server_oauth WHERE server_id = $1`;

function connections(): FreshCache<Connection> {
  return singleton("server-oauth", () => {
    const cache = new FreshCache<Connection>({
      max: cachedMax,
      maxAgeMs: 1000,
      clock: () => performance.now(),
      load: loadConnection,
      isCurrent: async (id, { version }) => (await query<{ version: number }>(versionSql, id))?.version === version,
    });
    onChange((change) => {
      if (change.topic === "servers") cache.drop(change.id);
    });
    onReconnect(() => {
      cache.clear();
    });
    return cache;
  });
}

/** The connection of a server, never older than one second without a check; null when there was never one. Throws `ledger_unavailable`. */
export function findConnection(serverId: string): Promise<Connection | null> {
  return connections().find(serverId);
}

/** The same as the database has it now. */
export async function loadConnection(serverId: string): Promise<Connection | null> {
  const row = await query<Omit<Connection, "readAtMs">>(loadSql, serverId);
  return row && { ...row, readAtMs: performance.now() };
}

/** Forgets what is cached of a server's connection. */
export function dropConnection(serverId: string): void {
  connections().drop(serverId);
}

/** Milliseconds that the token has left, and its whole life; null when it has no end. */
export function lifeLeft(connection: Connection): { leftMs: number; lifeMs: number } | null {
  const { ageMs, lifeMs, readAtMs } = connection;
  if (ageMs === null || lifeMs === null) return null;
  return { leftMs: lifeMs - ageMs - (performance.now() - readAtMs), lifeMs };
}

/** The seal of one of a server's tokens. */
export function tokenSeal(serverId: string, purpose: "oauth-access" | "oauth-refresh") {
  return { table: "server_oauth", id: serverId, purpose } as const;
}

/** The access token, opened now; null without one. Throws `vault_record`. */
export function openAccess(serverId: string, { sealedAccess }: Connection): string | null {
  return sealedAccess === null ? null : open(tokenSeal(serverId, "oauth-access"), sealedAccess);
}

/** A token answer as it is kept. */
export interface Tokens {
  access: string;
  /** Null: the one that is stored stays. */
  refresh: string | null;
  /** Seconds; null = no end. */
  expiresIn: number | null;
}

/** The sealed columns of new tokens. */
export function sealTokens(serverId: string, { access, refresh }: Tokens) {
  return {
    sealedAccess: seal(tokenSeal(serverId, "oauth-access"), access),
    sealedRefresh: refresh === null ? null : seal(tokenSeal(serverId, "oauth-refresh"), refresh),
  };
}

async function query<T extends object>(text: string, id: string): Promise<T | null> {
  const found = await pool()
    .query<T>(text, [id])
    .catch((cause: unknown) => {
      throw new AppError("ledger_unavailable", { detail: "connection look-up", cause });
    });
  return found.rows[0] ?? null;
}
