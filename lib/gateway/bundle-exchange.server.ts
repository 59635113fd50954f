import "server-only";
import type { Bundle } from "@/lib/bundles/bundles.server";
import type { GrantIdentity } from "@/lib/grants/grants.server";
import { findUpstream } from "@/lib/servers/servers.server";
import { settingsFor, type Exchange, type Settings } from "./exchange.server";
import type { BundleSession } from "./bundle-session";
import { grantInBundle } from "./grant-at.server";
import type { RequestHeaders } from "./request-headers";
import type { Revision } from "./revision";

/** One HTTP request to a bundle whose grant is known. */
export interface BundleExchange {
  readonly token: string;
  readonly grant: GrantIdentity;
  readonly bundle: Bundle;
  readonly headers: RequestHeaders;
  readonly address: string | null;
  readonly client: { name: string | null; version: string | null };
  readonly revision: Revision | null;
  readonly settings: Settings;
  readonly startedAtMs: number;
  readonly gone: () => AbortSignal;
}

/** A request as one server of the bundle sees it. */
export interface Member extends Exchange {
  readonly prefix: string;
}

/**
 * The request as each server of the bundle sees it, in the bundle's order: with the policy, deadlines and session that the server has
 * there. In a session these are the servers that were there when it began, otherwise all. Disabled servers come too: what is sent to
 * one is refused on the way. Throws `ledger_unavailable`.
 */
export async function membersOf(exchange: BundleExchange, session: BundleSession | null): Promise<Member[]> {
  const { bundle } = exchange;
  const places = bundle.members.filter(({ serverId }) => session === null || session.servers.has(serverId));
  const found = await Promise.all(places.map(({ serverId }) => findUpstream(serverId)));
  return places.flatMap(({ serverId, prefix }, index) => {
    const [upstream, grant] = [found[index], grantInBundle(exchange.grant, bundle, serverId)];
    if (!upstream || !grant) return [];
    const own = session?.servers.get(serverId);
    const headers: RequestHeaders = own
      ? // The id that the client holds is the bundle's; marked as opened, because nothing of it is this server's to open.
        { ...exchange.headers, session: own.session, sealedSession: exchange.headers.session, version: own.version }
      : { ...exchange.headers, session: null };
    const settings = settingsFor(widened(exchange.settings, bundle.members.length), upstream);
    const { token, address, client, revision, startedAtMs, gone } = exchange;
    return { token, grant, upstream, headers, address, client, revision, settings, startedAtMs, gone, prefix };
  });
}

/** One request of a client to a bundle is one to each of its servers, which is no reason to count it as many. */
function widened(settings: Settings, members: number): Settings {
  const { perGrant, streamsPerGrant, ...rest } = settings.inFlight;
  const times = Math.max(1, members);
  return {
    ...settings,
    inFlight: { ...rest, perGrant: perGrant * times, streamsPerGrant: streamsPerGrant * times },
  };
}
