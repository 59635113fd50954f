import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pool, transaction } from "@/lib/db/db.server";
import type { Ctx, Permission } from "@/lib/kernel/ctx";
import type { OrgId } from "@/lib/kernel/ids";
import { Rig } from "@/lib/ledger/rig.server";
import { claimOf, intentOf, outcomeOf, refusalOf } from "@/lib/ledger/scene.server";
import type { Scene } from "@/lib/ledger/scene.server";
import type { OpenLedger } from "@/lib/ledger/open-ledger.server";
import type { DecisionFacts } from "@/lib/ledger/types";
import { openTestDatabase } from "@/lib/testing/database";
import { appendAudit, getDecision, listDecisions, verifyAudit, verifyDecisions } from "./audit.server";
import { LogFilter } from "./schema";

let database: { url: string; close(): Promise<void> };
let rig: Rig;
let ledger: OpenLedger;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database.url);
  ledger = await rig.open();
});
afterAll(async () => {
  await rig.close();
  await database.close();
});

function ctxOf(orgId: string, ...permissions: Permission[]): Ctx {
  const actor = { kind: "system", name: "test" } as const;
  return { orgId: orgId as OrgId, actor, permissions: new Set(permissions), requestId: "r1", now: new Date(0) };
}

const list = (scene: Scene, filter: Record<string, unknown> = {}) =>
  listDecisions(ctxOf(scene.orgId, "read"), LogFilter.parse(filter));

async function allow(scene: Scene, facts: Partial<DecisionFacts> = {}) {
  const intent = { ...intentOf(scene, claimOf(scene, "spend", 10, { max: 100 })), ...facts };
  const answer = await ledger.reserve(intent);
  if (answer.kind !== "sent") throw new Error(answer.kind);
  return answer.ticket;
}

/** A log with one of each: allowed and posted, allowed and given back, denied, refused by a limit, allowed and open. */
async function filledScene() {
  const scene = await rig.createScene();
  const posted = await allow(scene, { tool: "create_charge", argKeys: ["amount", "currency"] });
  ledger.settle(posted, outcomeOf("success", { upstreamStatus: 200, totalMs: 12 }));
  ledger.settle(
    await allow(scene, { tool: "create_refund", argKeys: ["charge_id"] }),
    outcomeOf("failure", { reason: "upstream_unreachable" }),
  );
  await ledger.record({ ...refusalOf(scene), tool: "delete_customer", reason: "default_deny", rule: "(default deny)" });
  await ledger.reserve(intentOf(scene, claimOf(scene, "spend", 1_000, { max: 100 })));
  const open = await allow(scene, { tool: "50%_off\\", method: "tools/call" });
  await ledger.drain();
  return { scene, posted, open };
}

test("the log lists newest first, with outcome and the labels of grant, server and policy", async () => {
  const { scene, posted } = await filledScene();
  const { rows, next } = await list(scene);
  expect(next).toBeNull();
  expect(rows.map((row) => [row.decision, row.outcome])).toEqual([
    ["allow", null],
    ["rate_limited", null],
    ["deny", null],
    ["allow", "void"],
    ["allow", "posted"],
  ]);
  expect(rows.at(-1)).toEqual({
    seq: "1",
    decisionId: posted.decisionId,
    at: posted.reservedAt,
    decision: "allow",
    outcome: "posted",
    outcomeReason: null,
    method: "tools/call",
    tool: "create_charge",
    rule: "",
    reason: "allowed",
    grant: { id: scene.grantId, label: "agent" },
    server: { id: scene.serverId, name: "payments" },
    policy: { id: scene.policyId, name: "spend", version: 1 },
    client: { name: "test", version: "1", address: "127.0.0.1" },
    argKeys: ["amount", "currency"],
    shadow: [],
    counted: [
      { name: "spend", window: "day", windowStart: expect.stringMatching(/T00:00:00\.000Z$/) as string, near: false },
    ],
    upstreamStatus: 200,
    totalMs: 12,
  });
});

test("what rules in shadow would have done, and that a cap came near, is on the page and verifies", async () => {
  const scene = await rig.createScene();
  await ledger.reserve({
    ...intentOf(scene, claimOf(scene, "spend", 90, { max: 100 }), claimOf(scene, "calls", 2, { max: 1, shadow: true })),
    shadow: [{ rule: '/tools/pay/rules/a\0"b', would: "hold" }],
  });
  await ledger.record({ ...refusalOf(scene), shadow: [{ rule: "/tools/pay/rules/late", would: "deny" }] });
  const { rows } = await list(scene);
  expect(rows.map((row) => row.shadow)).toEqual([
    [{ rule: "/tools/pay/rules/late", would: "deny" }],
    [
      { rule: '/tools/pay/rules/a\uFFFD"b', would: "hold" },
      { rule: "/tools/pay/rules/calls", would: "rate_limited" },
    ],
  ]);
  expect(rows[1]?.counted.map(({ name, near }) => [name, near])).toEqual([
    ["spend", true],
    ["calls", false],
  ]);
  expect(await verifyDecisions(ctxOf(scene.orgId, "read"))).toMatchObject({ ok: true, count: 2 });
});

test("filters, and the search over tool, rule, reason, decision id and argument names", async () => {
  const { scene, posted, open } = await filledScene();
  const found = async (filter: Record<string, unknown>) => (await list(scene, filter)).rows.map((row) => row.tool);
  expect(await found({ decision: "deny" })).toEqual(["delete_customer"]);
  expect(await found({ outcome: "void" })).toEqual(["create_refund"]);
  expect(await found({ tool: "create_charge" })).toEqual(["create_charge"]);
  expect(await found({ method: "tools/list" })).toEqual([]);
  expect(await found({ grantId: scene.grantId, serverId: scene.serverId, policyId: scene.policyId })).toHaveLength(5);
  expect(await found({ grantId: randomUUID() })).toEqual([]);
  expect(await found({ text: "CHARGE" })).toEqual(["create_refund", "create_charge"]);
  expect(await found({ text: "default" })).toEqual(["delete_customer"]);
  expect(await found({ text: "/rules/spend" })).toEqual(["pay"]);
  expect(await found({ text: posted.decisionId })).toEqual(["create_charge"]);
  expect(await found({ text: "%_" })).toEqual([open.decisionId].map(() => "50%_off\\"));
  expect(await found({ text: "\\" })).toEqual(["50%_off\\"]);
  expect(await found({ text: "a\0'; --" })).toEqual([]);
});

test("pages by sequence number: no row twice, none left out, also while new ones come", async () => {
  const { scene } = await filledScene();
  const seen: string[] = [];
  let before: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof list>> = await list(scene, {
      limit: 2,
      ...(before === null ? {} : { before }),
    });
    seen.push(...page.rows.map((row) => row.seq));
    before = page.next;
    await ledger.record(refusalOf(scene));
  } while (before !== null);
  expect(seen).toHaveLength(5);
  expect(new Set(seen).size).toBe(5);
  expect(await list(scene, { before: "99999999999999999999999" })).toMatchObject({ rows: { length: 8 } });
});

test("one decision in full, with its chained records in order", async () => {
  const { scene, posted } = await filledScene();
  const detail = await getDecision(ctxOf(scene.orgId, "read"), posted.decisionId);
  expect(detail).toMatchObject({
    argDigest: "v1.digest",
    protocolVersion: "2025-11-25",
    policyHash: "c0ffee",
    outcome: "posted",
  });
  expect(detail.records).toHaveLength(2);
  expect(detail.records[0]).toMatchObject({ seq: "1", prevHash: "0".repeat(64) });
  expect(JSON.parse(detail.records[1]?.record ?? "")).toMatchObject({
    kind: "outcome",
    end: "success",
    state: "posted",
  });
});

test("another organisation sees nothing of it, and without the right nobody does", async () => {
  const { scene, posted } = await filledScene();
  const other = await rig.createScene();
  expect((await list(other)).rows).toEqual([]);
  expect((await list(other, { grantId: scene.grantId })).rows).toEqual([]);
  await expect(getDecision(ctxOf(other.orgId, "read"), posted.decisionId)).rejects.toMatchObject({ code: "not_found" });
  await expect(getDecision(ctxOf(scene.orgId, "read"), "x'")).rejects.toMatchObject({ code: "not_found" });
  const nobody = ctxOf(scene.orgId, "policy.write");
  await expect(listDecisions(nobody, LogFilter.parse({}))).rejects.toMatchObject({ code: "forbidden" });
  await expect(getDecision(nobody, posted.decisionId)).rejects.toMatchObject({ code: "forbidden" });
  await expect(verifyDecisions(nobody)).rejects.toMatchObject({ code: "forbidden" });
  await expect(verifyAudit(ctxOf(scene.orgId, "read"))).rejects.toMatchObject({ code: "forbidden" });
});

/** Each changes the row $2 of organisation $1, as someone with the database's password could, and names the record that is found. */
const forgeries: [string, string, bigint][] = [
  [
    "a text",
    `UPDATE decision_log SET record = replace(record, '"tools/call"', '"tools/list"') WHERE org_id = $1 AND seq = $2`,
    3n,
  ],
  ["a searched column alone", "UPDATE decision_log SET decision = 'hold' WHERE org_id = $1 AND seq = $2", 3n],
  ["its time", "UPDATE decision_log SET at = at + interval '1 second' WHERE org_id = $1 AND seq = $2", 3n],
  ["its grant", "UPDATE decision_log SET grant_id = gen_random_uuid() WHERE org_id = $1 AND seq = $2", 3n],
  [
    "an invented shadow note",
    `UPDATE decision_log SET shadow = '[{"rule": "x", "would": "deny"}]' WHERE org_id = $1 AND seq = $2`,
    3n,
  ],
  ["a deleted row", "DELETE FROM decision_log WHERE org_id = $1 AND seq = $2", 3n],
  ["a hash", "UPDATE decision_log SET hash = repeat('0', 64) WHERE org_id = $1 AND seq = $2", 3n],
  ["a cut tail", "DELETE FROM decision_log WHERE org_id = $1 AND seq >= $2", 3n],
  ["a new genesis", "DELETE FROM decision_log WHERE org_id = $1 AND seq < $2", 1n],
  ["a lost head", "DELETE FROM chain_head WHERE org_id = $1 AND $2 > 0", 7n],
  ["a head set back", "UPDATE chain_head SET seq = $2 WHERE org_id = $1", 3n],
];

test.each(forgeries)("L2 %s is found and named", async (_, sql, seq) => {
  const { scene } = await filledScene();
  const ctx = ctxOf(scene.orgId, "read");
  expect(await verifyDecisions(ctx)).toMatchObject({ ok: true, count: 7 });
  const client = await pool().connect();
  await client.query("BEGIN");
  await client.query("ALTER TABLE decision_log DISABLE TRIGGER ALL");
  await client.query(sql, [scene.orgId, 3]);
  await client.query("ALTER TABLE decision_log ENABLE ALWAYS TRIGGER decision_log_no_change");
  await client.query("COMMIT");
  client.release();
  expect(await verifyDecisions(ctx)).toMatchObject({ ok: false, seq });
});

test("L7 the application itself cannot change or delete a record", async () => {
  const { scene } = await filledScene();
  for (const sql of [
    "UPDATE decision_log SET rule = '' WHERE org_id = $1",
    "DELETE FROM decision_log WHERE org_id = $1",
  ]) {
    await expect(pool().query(sql, [scene.orgId])).rejects.toThrow("append-only");
  }
});

const act = (n: number) => ({
  action: "policy.publish",
  object: `policy:${String(n)}`,
  after: { version: n },
  reason: "a\0b",
});

test("an act and its audit row happen together or not at all", async () => {
  const { orgId } = await rig.createScene();
  const ctx = ctxOf(orgId, "audit.read");
  await transaction((tx) => appendAudit(tx, ctx, act(1)));
  await expect(
    transaction(async (tx) => {
      await appendAudit(tx, ctx, act(2));
      throw new Error("undone");
    }),
  ).rejects.toThrow("undone");
  expect(await verifyAudit(ctx)).toMatchObject({ ok: true, count: 1 });
});

test("L3 concurrent acts form one chain without fork or gap, and a forged row is found", async () => {
  const { orgId } = await rig.createScene();
  const ctx = ctxOf(orgId, "audit.read");
  for (let round = 0; round < 4; round++) {
    await Promise.all([1, 2, 3, 4, 5].map((n) => transaction((tx) => appendAudit(tx, ctx, act(round * 10 + n)))));
  }
  expect(await verifyAudit(ctx)).toMatchObject({ ok: true, count: 20 });
  await pool().query("ALTER TABLE admin_audit DISABLE TRIGGER ALL");
  await pool().query("UPDATE admin_audit SET object = 'policy:x' WHERE org_id = $1 AND seq = 8", [orgId]);
  await pool().query("ALTER TABLE admin_audit ENABLE ALWAYS TRIGGER admin_audit_no_change");
  expect(await verifyAudit(ctx)).toEqual({ ok: false, count: 7, seq: 8n, reason: "content" });
});
