import "server-only";
import { singleton } from "@/lib/kernel/singleton";
import type { MemberPage } from "./bundle-page";

/** Whose a resource is, by bundle and URI, as lists told this replica. The one told of last is forgotten last. */
const owners = singleton<Map<string, string>>("gateway-bundle-owners", () => new Map());
const ownersMax = 20_000;

/** Notes the servers that list resources; the first that lists a URI has it. */
export function learnOwners(bundleId: string, pages: readonly MemberPage[]): void {
  const seen = new Set<string>();
  for (const { serverId, uris } of pages) {
    for (const uri of uris) {
      const key = keyOf(bundleId, uri);
      if (seen.has(key)) continue;
      seen.add(key);
      owners.delete(key);
      owners.set(key, serverId);
    }
  }
  for (const key of owners.keys()) {
    if (owners.size <= ownersMax) break;
    owners.delete(key);
  }
}

/** The server that listed a resource; null when this replica saw no such list. */
export function findOwner(bundleId: string, uri: string): string | null {
  return owners.get(keyOf(bundleId, uri)) ?? null;
}

function keyOf(bundleId: string, uri: string): string {
  return `${bundleId} ${uri}`;
}
