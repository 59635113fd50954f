import "server-only";
import { onChange, onReconnect, pool } from "@/lib/db/db.server";
import { AppError } from "@/lib/kernel/errors";
import { FreshCache } from "@/lib/kernel/fresh-cache";
import { isUuid, type BundleId, type OrgId, type PolicyId, type ServerId } from "@/lib/kernel/ids";
import { singleton } from "@/lib/kernel/singleton";

/** A server in a bundle. */
export interface BundleMember {
  readonly serverId: ServerId;
  readonly prefix: string;
  /** Governs the calls that go to this server through the bundle; null = every one is denied. */
  readonly policyId: PolicyId | null;
}

/** A bundle as the gateway knows it. */
export interface Bundle {
  readonly id: BundleId;
  readonly orgId: OrgId;
  readonly name: string;
  readonly enabled: boolean;
  readonly version: number;
  /** In their order. */
  readonly members: readonly BundleMember[];
}

const cachedMax = 2000;

const loadSql = `SELECT b.id, b.org_id AS "orgId", b.name, b.enabled, b.version,
  (SELECT coalesce(json_agg(json_build_object('serverId', m.server_id, 'prefix', m.prefix, 'policyId', m.policy_id)
     ORDER BY m.position, m.server_id), '[]') FROM bundle_member m WHERE m.bundle_id = b.id) AS members
  FROM bundle b WHERE b.id = $1`;
const versionSql = `SELECT version FROM bundle WHERE id = $1`;

function bundles(): FreshCache<Bundle> {
  return singleton("bundles", () => {
    const cache = new FreshCache<Bundle>({
      max: cachedMax,
      maxAgeMs: 1000,
      clock: () => performance.now(),
      load: (id) => query<Bundle>("bundle", loadSql, id),
      isCurrent: async (id, bundle) =>
        (await query<{ version: number }>("bundle-version", versionSql, id))?.version === bundle.version,
    });
    onChange((change) => {
      if (change.topic === "bundles") cache.drop(change.id);
    });
    onReconnect(() => {
      cache.clear();
    });
    return cache;
  });
}

/**
 * The bundle of an id, or null for an unknown one (and, without database work, for text that is no UUID). Never older than one
 * second without a check. Throws `ledger_unavailable` when the database cannot be asked.
 */
export async function findBundle(bundleId: string): Promise<Bundle | null> {
  return isUuid(bundleId) ? bundles().find(bundleId) : null;
}

/** Forgets what is cached of a bundle, so that the next use asks the database. */
export function dropBundle(bundleId: string): void {
  bundles().drop(bundleId);
}

async function query<T extends object>(name: string, text: string, id: string): Promise<T | null> {
  const found = await pool()
    .query<T>({ name, text, values: [id] })
    .catch((cause: unknown) => {
      throw new AppError("ledger_unavailable", { detail: "bundle look-up", cause });
    });
  return found.rows[0] ?? null;
}
