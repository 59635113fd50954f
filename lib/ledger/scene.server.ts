import "server-only";
import { randomUUID } from "node:crypto";
import type pg from "pg";
import { decimalOf, parseDecimal } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import type { DecisionId, GrantId, OrgId, PolicyId, ServerId } from "@/lib/kernel/ids";
import { counterKey } from "@/lib/quota/key";
import type { Window } from "@/lib/quota/window";
import type { CounterClaim, Outcome, Refusal, ReserveIntent } from "./types";

/** An organisation with one server, policy and grant, for the tests and the bench of this room. */
export interface Scene {
  orgId: OrgId;
  serverId: ServerId;
  policyId: PolicyId;
  grantId: GrantId;
}

const INSERT = `
WITH o AS (INSERT INTO organisation (id, name) VALUES ($1, 'Scene')),
  s AS (INSERT INTO server (id, org_id, name, url) VALUES ($2, $1, 'payments', 'http://127.0.0.1:9/mcp')),
  p AS (INSERT INTO policy (id, org_id, name, live_version) VALUES ($3, $1, 'spend', 1))
INSERT INTO "grant" (id, org_id, server_id, policy_id, label, token_hash, token_hint)
VALUES ($4::uuid, $1, $2, $3, 'agent', $4::uuid::text, 'plg_')`;

export async function createScene(pool: pg.Pool): Promise<Scene> {
  const ids = [randomUUID(), randomUUID(), randomUUID(), randomUUID()] as const;
  await pool.query(INSERT, [...ids]);
  const [orgId, serverId, policyId, grantId] = ids as unknown as [OrgId, ServerId, PolicyId, GrantId];
  return { orgId, serverId, policyId, grantId };
}

export interface ClaimOptions {
  max?: number;
  window?: Window;
  onUnknown?: "hold" | "release";
  onToolError?: "void" | "post";
}

const toDecimal = (amount: number | string): Decimal =>
  typeof amount === "number" ? decimalOf(amount) : (parseDecimal(amount) ?? decimalOf(0));

/** A claim on the counter `name` of the scene's grant, with one limit. */
export function claimOf(scene: Scene, name: string, amount: number | string, options: ClaimOptions = {}): CounterClaim {
  const { max = 1_000_000_000, window = "day", onUnknown = "hold", onToolError = "void" } = options;
  return {
    key: counterKey({ grantId: scene.grantId, policyId: scene.policyId, counter: name }),
    name,
    window,
    amount: toDecimal(amount),
    limits: [{ rule: `/tools/pay/rules/${name}`, max: decimalOf(max), inclusive: true, message: null }],
    onUnknown,
    onToolError,
  };
}

function factsOf(scene: Scene) {
  return {
    orgId: scene.orgId,
    decisionId: randomUUID() as string as DecisionId,
    grantId: scene.grantId,
    serverId: scene.serverId,
    policyId: scene.policyId,
    policyVersion: 1,
    policyHash: "c0ffee",
    method: "tools/call",
    tool: "pay",
    argKeys: ["amount", "currency"],
    argDigest: "v1.digest",
    client: { name: "test", version: "1", address: "127.0.0.1" },
    protocolVersion: "2025-11-25",
  };
}

export function intentOf(scene: Scene, ...counters: CounterClaim[]): ReserveIntent {
  const { grantId, serverId, policyId } = scene;
  const guards = { grantId, grantVersion: 1, serverId, serverVersion: 1, policyId, policyVersion: 1 };
  return { ...factsOf(scene), guards, counters };
}

export function refusalOf(scene: Scene): Refusal {
  return { ...factsOf(scene), decision: "deny", rule: "/tools/pay/rules/cap", reason: "rule" };
}

export function outcomeOf(kind: Outcome["kind"], more: Partial<Outcome> = {}): Outcome {
  return { kind, byClient: false, reason: null, upstreamStatus: 200, upstreamMs: 3, totalMs: 4, ...more };
}
