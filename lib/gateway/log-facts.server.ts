import "server-only";
import { createHmac } from "node:crypto";
import { canonical } from "@/lib/audit/canonical";
import type { GrantIdentity } from "@/lib/grants/grants.server";
import type { DecisionId } from "@/lib/kernel/ids";
import type { ValueObject } from "@/lib/kernel/value";
import type { DecisionFacts } from "@/lib/ledger/types";
import { subkey } from "@/lib/vault/vault.server";
import type { Exchange, PolicyState } from "./exchange.server";

/** Bounds of what a client's own words may take of a log row. */
const argKeysMax = 32;
const keyLengthMax = 64;
const nameLengthMax = 200;
const cutMark = "…";

export interface Described {
  decisionId: DecisionId;
  method: string;
  tool: string | null;
  args: ValueObject | null;
}

/** Who asks, as the log keeps it. */
export type Caller = Pick<Exchange, "client" | "address" | "revision"> & { grant: GrantIdentity };

/** The facts of a decision record: who, which policy, which method and tool, argument keys and their keyed digest, never a value. `shadow`: what the policy's shadow rules say of the call. */
export function factsFor(
  exchange: Caller,
  described: Described,
  policy: PolicyState | null,
  shadow: DecisionFacts["shadow"] = null,
): DecisionFacts {
  const { grant, client } = exchange;
  return {
    orgId: grant.orgId,
    decisionId: described.decisionId,
    grantId: grant.id,
    serverId: grant.serverId,
    policyId: grant.policyId,
    policyVersion: policy?.version ?? null,
    policyHash: policy?.hash ?? null,
    method: bounded(described.method, nameLengthMax),
    tool: described.tool === null ? null : bounded(described.tool, nameLengthMax),
    argKeys: described.args ? keysOf(described.args) : [],
    argDigest: described.args ? digestOf(described.args) : null,
    client: {
      name: client.name === null ? null : bounded(client.name, nameLengthMax),
      version: client.version === null ? null : bounded(client.version, keyLengthMax),
      address: exchange.address,
    },
    protocolVersion: exchange.revision,
    shadow,
  };
}

/** Top-level keys in order, so that a log reader sees what was passed without seeing any value. */
function keysOf(args: ValueObject): string[] {
  const keys: string[] = [];
  for (const key of args.keys()) {
    if (keys.length === argKeysMax) {
      keys.push(cutMark);
      break;
    }
    keys.push(bounded(key, keyLengthMax));
  }
  return keys;
}

/** HMAC-SHA-256 of the canonical arguments under the log's own key: equal arguments can be told, none can be guessed. */
function digestOf(args: ValueObject): string {
  const { version, key } = subkey("log-digest");
  return `v${String(version)}.${createHmac("sha256", key).update(canonical(args)).digest("base64url")}`;
}

/** Shown text: control characters escaped, cut with a mark. */
function bounded(text: string, lengthMax: number): string {
  if (text.length <= lengthMax && /^[\x20-\x7e]*$/.test(text)) return text;
  const shown = /[\p{Cc}\p{Cf}]/u.test(text) ? text.replace(/[\p{Cc}\p{Cf}]/gu, escapeOf) : text;
  return shown.length <= lengthMax ? shown : shown.slice(0, lengthMax - 1) + cutMark;
}

function escapeOf(char: string): string {
  return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
}
