import { toLogText, toLogTexts } from "@/lib/audit/log-text";
import { isNegative } from "@/lib/kernel/decimal";
import { isUuid } from "@/lib/kernel/ids";
import type { Request } from "./batch";
import { ruleLengthMax, toStorableNotes } from "./shadow-notes";
import type { CounterClaim, DecisionFacts, Refusal, ReserveIntent } from "./types";

/** Longest texts in a record; what is longer is cut and marked. */
const lengthMax = { word: 200, rule: ruleLengthMax, version: 100, digest: 200 };
const argKeysMax = 64;
const countersMax = 64;
/** An entry of a PostgreSQL index must stay below 2,704 bytes; three per UTF-16 unit, and ids beside it. */
const keyLengthMax = 640;
const int4Max = 2_147_483_647;

/**
 * A request that cannot make a statement fail for its neighbours in the batch; null when it is none (an id that is no UUID, a
 * negative amount): the caller is then told `unavailable`. `shorten` maps an overlong counter key to a short one, without collisions.
 */
export function toReserve(intent: ReserveIntent, shorten: (key: string) => string): Request | null {
  if (!hasGoodFacts(intent) || !hasGoodGuards(intent) || intent.counters.length > countersMax) return null;
  if (intent.counters.some((claim) => isNegative(claim.amount))) return null;
  if (intent.counters.length > 0 && intent.policyId === null) return null;
  const counters = intent.counters.map((claim) => storable(claim, shorten));
  return { kind: "reserve", orgId: intent.orgId, intent: { ...intent, ...cleaned(intent), counters } };
}

/** The same for a refusal that is only recorded. */
export function toRecord(refusal: Refusal): Request | null {
  if (!hasGoodFacts(refusal)) return null;
  const rule = toLogText(refusal.rule, lengthMax.rule);
  const reason = toLogText(refusal.reason, lengthMax.word);
  return { kind: "record", orgId: refusal.orgId, refusal: { ...refusal, ...cleaned(refusal), rule, reason } };
}

function hasGoodFacts(facts: DecisionFacts): boolean {
  const ids = [facts.orgId, facts.decisionId, facts.grantId];
  const known = [facts.serverId, facts.policyId].filter((id) => id !== null);
  return ids.every(isUuid) && known.every(isUuid) && isVersion(facts.policyVersion);
}

function hasGoodGuards({ guards, ...facts }: ReserveIntent): boolean {
  const sameIds = guards.grantId === facts.grantId && guards.serverId === facts.serverId;
  return sameIds && guards.policyId === facts.policyId && guards.policyVersion === facts.policyVersion;
}

function isVersion(version: number | null): boolean {
  return version === null || (Number.isInteger(version) && version >= 0 && version <= int4Max);
}

function storable(claim: CounterClaim, shorten: (key: string) => string): CounterClaim {
  const fit = (key: string) => (toLogText(key, keyLengthMax) === key ? key : shorten(key));
  const family = claim.family === null ? null : fit(claim.family);
  return { ...claim, key: fit(claim.key), family, name: toLogText(claim.name, lengthMax.word) };
}

const cut = (text: string | null, max: number) => (text === null ? null : toLogText(text, max));

function cleaned(facts: DecisionFacts) {
  return {
    policyHash: cut(facts.policyHash, lengthMax.digest),
    method: toLogText(facts.method, lengthMax.word),
    tool: cut(facts.tool, lengthMax.word),
    argKeys: toLogTexts(facts.argKeys, argKeysMax, lengthMax.word),
    argDigest: cut(facts.argDigest, lengthMax.digest),
    client: {
      name: cut(facts.client.name, lengthMax.word),
      version: cut(facts.client.version, lengthMax.version),
      address: cut(facts.client.address, lengthMax.version),
    },
    protocolVersion: cut(facts.protocolVersion, lengthMax.version),
    shadow: facts.shadow === null ? null : toStorableNotes(facts.shadow),
  };
}
