import "server-only";
import { singleton } from "@/lib/kernel/singleton";
import type { RpcId } from "@/lib/http/rpc-message";

/** A request that is being answered. `cancelled` = its client asked for an end (`notifications/cancelled`). */
export interface InFlight {
  readonly grantId: string;
  readonly serverId: string;
  readonly session: string | null;
  readonly id: RpcId | null;
  readonly isStream: boolean;
  cancelled: boolean;
}

export interface InFlightLimits {
  perGrant: number;
  perServer: number;
  perProcess: number;
  streamsPerGrant: number;
  /** How long a request may wait for a place before it is refused, milliseconds. */
  waitMs: number;
}

export const inFlightLimits: InFlightLimits = {
  perGrant: 64,
  perServer: 256,
  perProcess: 2_048,
  streamsPerGrant: 16,
  waitMs: 2_000,
};

interface Waiter {
  entry: InFlight;
  limits: InFlightLimits;
  admit: () => void;
}

/** Requests that wait for a place; beyond this they are refused at once. No grant may take more than an eighth of the room. */
const waitersMax = 1_024;
const waitersPerGrantMax = waitersMax / 8;

interface Registry {
  total: number;
  /** Requests and listening streams are counted apart; both bounded by the limits. */
  byGrant: Map<string, Set<InFlight>>;
  byServer: Map<string, number>;
  /** In order of arrival. */
  waiters: Set<Waiter>;
  waitersByGrant: Map<string, number>;
}

const registry = singleton<Registry>("gateway-in-flight", () => ({
  total: 0,
  byGrant: new Map(),
  byServer: new Map(),
  waiters: new Set(),
  waitersByGrant: new Map(),
}));

/**
 * Takes a place for a request, waiting a moment for one: a burst is carried in turn, a jam is refused. False when its grant, its
 * server or the process has none left. Give the place back with `leave`.
 */
export function enter(entry: InFlight, limits: InFlightLimits): boolean | Promise<boolean> {
  if (take(entry, limits)) return true;
  if (entry.isStream || registry.waiters.size >= waitersMax || waitersOf(entry) >= waitersPerGrantMax) return false;
  return new Promise((resolve) => {
    const waiter: Waiter = {
      entry,
      limits,
      admit: () => {
        clearTimeout(timer);
        resolve(true);
      },
    };
    const timer = setTimeout(() => {
      endWait(waiter);
      resolve(false);
    }, limits.waitMs);
    registry.waiters.add(waiter);
    registry.waitersByGrant.set(entry.grantId, waitersOf(entry) + 1);
  });
}

function waitersOf({ grantId }: InFlight): number {
  return registry.waitersByGrant.get(grantId) ?? 0;
}

function endWait(waiter: Waiter): void {
  if (!registry.waiters.delete(waiter)) return;
  const left = waitersOf(waiter.entry) - 1;
  if (left <= 0) registry.waitersByGrant.delete(waiter.entry.grantId);
  else registry.waitersByGrant.set(waiter.entry.grantId, left);
}

function take(entry: InFlight, limits: InFlightLimits): boolean {
  if (!hasServerPlace(entry, limits) || !hasGrantPlace(entry, limits)) return false;
  const own = registry.byGrant.get(entry.grantId);
  if (own) own.add(entry);
  else registry.byGrant.set(entry.grantId, new Set([entry]));
  registry.byServer.set(entry.serverId, (registry.byServer.get(entry.serverId) ?? 0) + 1);
  registry.total += 1;
  return true;
}

function hasServerPlace(entry: InFlight, limits: InFlightLimits): boolean {
  return registry.total < limits.perProcess && (registry.byServer.get(entry.serverId) ?? 0) < limits.perServer;
}

function hasGrantPlace(entry: InFlight, limits: InFlightLimits): boolean {
  const own = registry.byGrant.get(entry.grantId);
  return !own || countOf(own, entry.isStream) < (entry.isStream ? limits.streamsPerGrant : limits.perGrant);
}

/** Gives the place back; a second time changes nothing. */
export function leave(entry: InFlight): void {
  const own = registry.byGrant.get(entry.grantId);
  if (!own?.delete(entry)) return;
  if (own.size === 0) registry.byGrant.delete(entry.grantId);
  const server = (registry.byServer.get(entry.serverId) ?? 1) - 1;
  if (server <= 0) registry.byServer.delete(entry.serverId);
  else registry.byServer.set(entry.serverId, server);
  registry.total -= 1;
  const next = registry.waiters.size > 0 ? findNext() : null;
  if (!next || !take(next.entry, next.limits)) return;
  endWait(next);
  next.admit();
}

/** Who gets a free place: of those who may, the first one of the grant that has the fewest. */
function findNext(): Waiter | null {
  const seen = new Set<string>();
  let next: Waiter | null = null;
  let fewest = Infinity;
  for (const waiter of registry.waiters) {
    const { grantId, serverId } = waiter.entry;
    const key = `${grantId} ${serverId}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const has = registry.byGrant.get(grantId)?.size ?? 0;
    if (has >= fewest || !hasServerPlace(waiter.entry, waiter.limits)) continue;
    if (!hasGrantPlace(waiter.entry, waiter.limits)) continue;
    next = waiter;
    fewest = has;
  }
  return next;
}

/** Where an id means something: servers choose session ids by themselves, so a grant for several may have one twice. */
export interface IdPlace {
  readonly grantId: string;
  readonly serverId: string;
  readonly session: string | null;
}

/** True when the grant already waits for an answer to this id in this session. */
export function isIdInUse(place: IdPlace, id: RpcId): boolean {
  for (const entry of registry.byGrant.get(place.grantId) ?? []) if (isAt(entry, place, id)) return true;
  return false;
}

/** Marks what `notifications/cancelled` names; without a session, every request of the grant that carries that id. */
export function markCancelled(place: IdPlace, id: RpcId): void {
  for (const entry of registry.byGrant.get(place.grantId) ?? []) if (isAt(entry, place, id)) entry.cancelled = true;
}

function isAt(entry: InFlight, place: IdPlace, id: RpcId): boolean {
  return entry.id === id && entry.session === place.session && entry.serverId === place.serverId;
}

function countOf(entries: ReadonlySet<InFlight>, streams: boolean): number {
  let count = 0;
  for (const entry of entries) if (entry.isStream === streams) count += 1;
  return count;
}
