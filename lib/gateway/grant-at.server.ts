import "server-only";
import { dropBundle, findBundle, type Bundle } from "@/lib/bundles/bundles.server";
import { findGrantByToken, type GrantIdentity, type ServerGrant } from "@/lib/grants/grants.server";
import type { ServerId } from "@/lib/kernel/ids";

/** What a token gives at one server now. */
export interface GrantAt {
  grant: ServerGrant;
  /** False while the bundle that leads there is disabled or no longer holds the server. */
  isOpen: boolean;
}

/**
 * The grant of a token as it stands at one server: its own server, or one of its bundle's, whose policy it then carries. Null when the
 * token is nobody's or its grant is another server's. Throws `ledger_unavailable` when the database cannot be asked.
 */
export async function findGrantAt(token: string, serverId: ServerId): Promise<GrantAt | null> {
  const grant = await findGrantByToken(token);
  if (!grant) return null;
  if (grant.bundleId === null) return isAt(grant, serverId) ? { grant, isOpen: true } : null;
  const bundle = await findBundle(grant.bundleId);
  const viewed = bundle && grantInBundle(grant, bundle, serverId);
  if (viewed) return { grant: viewed, isOpen: bundle.enabled };
  return { grant: { ...grant, serverId, policyId: null }, isOpen: false };
}

/** A bundle's grant as it stands at one of its servers; null when the bundle does not hold it. */
export function grantInBundle(grant: GrantIdentity, bundle: Bundle, serverId: ServerId): ServerGrant | null {
  const member = bundle.members.find((one) => one.serverId === serverId);
  return member ? { ...grant, serverId, policyId: member.policyId, bundleVersion: bundle.version } : null;
}

/** Forgets what is cached of the bundle that leads a grant to its server. */
export function dropBundleOf(grant: GrantIdentity): void {
  if (grant.bundleId !== null) dropBundle(grant.bundleId);
}

function isAt(grant: GrantIdentity, serverId: ServerId): grant is ServerGrant {
  return grant.serverId === serverId;
}
