import "server-only";
import { randomUUID } from "node:crypto";
import type pg from "pg";
import { emptyChain } from "@/lib/audit/chain";
import { decimalOf } from "@/lib/kernel/decimal";
import type { Decimal } from "@/lib/kernel/decimal";
import type { GrantId, OrgId, PolicyId, ServerId } from "@/lib/kernel/ids";
import { counterFamily, counterKey } from "@/lib/quota/key";
import type { CounterPer } from "@/lib/quota/key";
import type { Window } from "@/lib/quota/window";
import { newDecisionId } from "./decision-id.server";
import type { LedgerSnapshot, LineSnapshot } from "./invariants";
import { toDecimal } from "./rows";
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

/** The ids of a scene that is nowhere stored. */
export function newScene(): Scene {
  const ids = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  const [orgId, serverId, policyId, grantId] = ids as unknown as [OrgId, ServerId, PolicyId, GrantId];
  return { orgId, serverId, policyId, grantId };
}

export async function createScene(pool: pg.Pool): Promise<Scene> {
  const scene = newScene();
  await pool.query(INSERT, [scene.orgId, scene.serverId, scene.policyId, scene.grantId]);
  return scene;
}

export interface ClaimOptions {
  max?: number;
  window?: Window;
  onUnknown?: "hold" | "release";
  onToolError?: "void" | "post";
  per?: CounterPer;
  by?: readonly string[];
  shadow?: boolean;
}

const amountOf = (amount: number | string): Decimal =>
  typeof amount === "number" ? decimalOf(amount) : toDecimal(amount);

/** A claim on the counter `name` of the scene's grant, or of whom `per` names, with one limit. */
export function claimOf(scene: Scene, name: string, amount: number | string, options: ClaimOptions = {}): CounterClaim {
  const { max = 1_000_000_000, window = "day", onUnknown = "hold", onToolError = "void" } = options;
  const { per = "grant", by = [], shadow = false } = options;
  const scopeIds = { grant: scene.grantId, policy: scene.policyId, server: scene.serverId, org: scene.orgId };
  const scope = { per, scopeId: scopeIds[per], policyId: scene.policyId, counter: name, meaning: window, by };
  return {
    key: counterKey(scope),
    family: counterFamily(scope),
    per,
    name,
    window,
    amount: amountOf(amount),
    limits: [{ rule: `/tools/pay/rules/${name}`, max: decimalOf(max), inclusive: true, message: null, shadow }],
    onUnknown,
    onToolError,
  };
}

function factsOf(scene: Scene) {
  return {
    orgId: scene.orgId,
    decisionId: newDecisionId(),
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
    shadow: null,
  };
}

export function intentOf(scene: Scene, ...counters: CounterClaim[]): ReserveIntent {
  const { grantId, serverId, policyId } = scene;
  const versions = { grantVersion: 1, serverVersion: 1, policyVersion: 1, bundleVersion: null };
  const guards = { grantId, serverId, policyId, ...versions };
  return { ...factsOf(scene), guards, counters };
}

export function refusalOf(scene: Scene): Refusal {
  return { ...factsOf(scene), decision: "deny", rule: "/tools/pay/rules/cap", reason: "rule" };
}

export function outcomeOf(kind: Outcome["kind"], more: Partial<Outcome> = {}): Outcome {
  return { kind, byClient: false, reason: null, upstreamStatus: 200, upstreamMs: 3, totalMs: 4, ...more };
}

const READ_COUNTERS = `
SELECT key, (extract(epoch FROM window_start) * 1000)::bigint AS start_ms, used, max FROM counter WHERE org_id = $1`;
const READ_LINES = `
SELECT r.id, r.state, l.key, (extract(epoch FROM l.window_start) * 1000)::bigint AS start_ms, l.amount
FROM reservation r LEFT JOIN reservation_line l ON l.reservation_id = r.id WHERE r.org_id = $1`;
const READ_LOG = `
SELECT seq, record, prev_hash AS "prevHash", hash, kind, decision_id AS "decisionId", decision, reason, outcome
FROM decision_log WHERE org_id = $1 ORDER BY seq`;
const READ_HEAD = "SELECT seq, hash FROM chain_head WHERE org_id = $1 AND chain = 'decisions'";

/** Everything that the invariants judge, in one snapshot. */
export async function readSnapshot(pool: pg.Pool, orgId: string): Promise<LedgerSnapshot> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    const counters = await client.query<Record<"key" | "start_ms" | "used", string> & { max: string | null }>(
      READ_COUNTERS,
      [orgId],
    );
    const lines = await client.query<Record<"id" | "state" | "key" | "start_ms" | "amount", string>>(READ_LINES, [
      orgId,
    ]);
    const log = await client.query<Omit<LedgerSnapshot["log"][number], "seq"> & { seq: string }>(READ_LOG, [orgId]);
    const heads = await client.query<{ seq: string; hash: string }>(READ_HEAD, [orgId]);
    await client.query("COMMIT");
    const [head] = heads.rows;
    return {
      counters: counters.rows.map(({ key, start_ms: startMs, used, max }) => ({
        key,
        startMs: Number(startMs),
        used: toDecimal(used),
        max: max === null ? null : toDecimal(max),
      })),
      reservations: toReservations(lines.rows),
      log: log.rows.map((row) => ({ ...row, seq: BigInt(row.seq) })),
      head: head ? { seq: BigInt(head.seq), hash: head.hash } : emptyChain,
    };
  } finally {
    client.release();
  }
}

function toReservations(rows: readonly Record<"id" | "state" | "key" | "start_ms" | "amount", string>[]) {
  const found = new Map<string, { decisionId: string; state: string; lines: LineSnapshot[] }>();
  for (const { id, state, key, start_ms: startMs, amount } of rows) {
    const one = found.get(id) ?? { decisionId: id, state, lines: [] };
    found.set(id, one);
    if (key) one.lines.push({ key, startMs: Number(startMs), amount: toDecimal(amount) });
  }
  return [...found.values()];
}
