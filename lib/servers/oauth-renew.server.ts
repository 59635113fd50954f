import "server-only";
import { setTimeout as wait } from "node:timers/promises";
import { AppError, isAppError } from "@/lib/kernel/errors";
import { singleton } from "@/lib/kernel/singleton";
import { open } from "@/lib/vault/vault.server";
import { findIdentity, forgetClient } from "./oauth-client.server";
import { readIssuer } from "./oauth-discovery.server";
import { OauthStop } from "./oauth-fault";
import type { OauthReach } from "./oauth-fetch.server";
import { claimRenewal, keepRenewed, markReconnect, releaseRenewal } from "./oauth-state.server";
import { loadConnection, tokenSeal, type Connection } from "./oauth-store.server";
import { renewTokens, TokenRefusal } from "./oauth-tokens.server";

/** `refused`: the state is `reconnect` now. `unavailable`: it may work later; nothing has changed. */
export type Renewal = "renewed" | "refused" | "unavailable";

const waitMaxMs = 15_000;
const askEveryMs = 100;
/** After a renewal that could not be made, none is tried for this long. */
const restMs = 2000;
const restingMax = 2000;

interface State {
  running: Map<string, Promise<Renewal>>;
  restedAtMs: Map<string, number>;
}

const state = () => singleton<State>("server-oauth-renewals", () => ({ running: new Map(), restedAtMs: new Map() }));

/**
 * Renews the tokens of a connection as it was read, at most once however many ask: callers of this process share one run, replicas
 * take turns by a claim in the row. The new refresh token is stored before anything is used. Never throws.
 */
export function renew(reach: OauthReach, seen: Connection): Promise<Renewal> {
  const { running, restedAtMs } = state();
  const found = running.get(reach.id);
  if (found) return found;
  if (performance.now() - (restedAtMs.get(reach.id) ?? -restMs) < restMs) return Promise.resolve("unavailable");
  const work = renewInTurn(reach, seen)
    .catch((): Renewal => "unavailable")
    .then((outcome) => {
      running.delete(reach.id);
      if (outcome === "unavailable") rest(restedAtMs, reach.id);
      return outcome;
    });
  running.set(reach.id, work);
  return work;
}

async function renewInTurn(reach: OauthReach, seen: Connection): Promise<Renewal> {
  const untilMs = performance.now() + waitMaxMs;
  while (performance.now() < untilMs) {
    const claimedAt = await claimRenewal(reach.id, seen.version);
    if (claimedAt) return renewNow(reach, seen, claimedAt);
    const now = await loadConnection(reach.id);
    if (now?.version !== seen.version) return now?.state === "connected" ? "renewed" : "refused";
    await wait(askEveryMs);
  }
  return "unavailable";
}

async function renewNow(reach: OauthReach, seen: Connection, claimedAt: Date): Promise<Renewal> {
  try {
    const { issuer, resource, sealedRefresh } = seen;
    if (issuer === null || resource === null || sealedRefresh === null) throw new AppError("upstream_auth_required");
    const refreshToken = open(tokenSeal(reach.id, "oauth-refresh"), sealedRefresh);
    const identity = await findIdentity(reach.id, issuer);
    if (!identity) throw new TokenRefusal("invalid_client");
    const metadata = await readIssuer(reach, issuer);
    const tokens = await renewTokens({ reach, issuer: metadata, identity, resource }, refreshToken);
    await keepRenewed(reach.id, seen, tokens, claimedAt);
    return "renewed";
  } catch (error) {
    return endFailed(reach, seen, error);
  }
}

async function endFailed(reach: OauthReach, seen: Connection, error: unknown): Promise<Renewal> {
  if (error instanceof TokenRefusal) {
    if (error.code === "invalid_client" && seen.issuer !== null) await forgetClient(reach.id, seen.issuer);
    await markReconnect(reach.id, seen, "refresh_refused");
    return "refused";
  }
  if (isAppError(error) && error.code === "vault_record") {
    await markReconnect(reach.id, seen, "unreadable");
    return "refused";
  }
  // What the metadata says now is no place to send a refresh token to.
  if (error instanceof OauthStop && ["issuer_mismatch", "no_s256", "endpoint"].includes(error.fault)) {
    await markReconnect(reach.id, seen, "refresh_refused");
    return "refused";
  }
  await releaseRenewal(reach.id, seen.version);
  return "unavailable";
}

function rest(restedAtMs: Map<string, number>, serverId: string): void {
  restedAtMs.delete(serverId);
  restedAtMs.set(serverId, performance.now());
  const oldest = restedAtMs.keys().next();
  if (restedAtMs.size > restingMax && !oldest.done) restedAtMs.delete(oldest.value);
}
