import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findOrganisation, systemCtx } from "@/lib/auth/auth.server";
import { pool } from "@/lib/db/db.server";
import { findGrantByToken, listGrants, revokeGrant } from "@/lib/grants/grants.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { getPolicy, listPolicies, publishPolicy } from "@/lib/policies/policies.server";
import { findUpstream, getServer, listTools, upstreamHeaders } from "@/lib/servers/servers.server";
import { openTestDatabase, type TestDatabase } from "@/lib/testing/database";
import { closeVault, openVault } from "@/lib/vault/vault.server";
import { demoNames } from "./demo-users";
import { demoKey, seedDemo, startPaymentsServer, type DemoFacts, type PaymentsServer } from "./sandbox.server";

const publicUrl = "http://localhost:3000";
let database: TestDatabase;
let payments: PaymentsServer;
let dataDir: string;
let first: DemoFacts;
let ctx: Ctx;

beforeAll(async () => {
  dataDir = await mkdtemp(path.join(os.tmpdir(), "seed-"));
  database = await openTestDatabase();
  await openVault({ keys: null, keysFile: null, generateIn: dataDir });
  payments = await startPaymentsServer({ host: "127.0.0.1", port: 0 });
  first = await seedDemo({ upstreamUrl: payments.url, publicUrl });
  const orgId = await findOrganisation(demoNames.organisation);
  if (!orgId) throw new Error("no organisation");
  ctx = systemCtx(orgId, "test");
});

afterAll(async () => {
  await payments.close();
  closeVault();
  await database.close();
  await rm(dataDir, { recursive: true, force: true });
});

const countsSql = `SELECT (SELECT count(*) FROM organisation) AS orgs, (SELECT count(*) FROM app_user) AS users,
  (SELECT count(*) FROM server) AS servers, (SELECT count(*) FROM server_header) AS headers,
  (SELECT count(*) FROM policy_version) AS versions, (SELECT count(*) FROM "grant") AS grants`;
const counts = async () => (await pool().query<Record<string, string>>(countsSql)).rows[0];

test("the seed makes one organisation, three users, a scanned server, a published policy and a grant that binds them", async () => {
  expect(await counts()).toEqual({ orgs: "1", users: "3", servers: "1", headers: "1", versions: "1", grants: "1" });
  expect(first.users.map((user) => user.role)).toEqual(["admin", "policy_manager", "viewer"]);
  const [policy] = await listPolicies(ctx);
  expect(await findGrantByToken(first.grantToken)).toMatchObject({
    serverId: first.serverId,
    policyId: policy?.id,
    state: "active",
  });
  expect(await listTools(ctx, first.serverId)).toHaveLength(12);
  expect(policy).toMatchObject({ name: demoNames.policy, liveVersion: 1 });
});

test("the upstream's key is stored sealed and opened for the upstream only", async () => {
  const { rows } = await pool().query<{ sealed: string }>("SELECT sealed FROM server_header");
  expect(rows[0]?.sealed).not.toContain(demoKey.value);
  expect(JSON.stringify(await getServer(ctx, first.serverId))).not.toContain(demoKey.value);
  const upstream = await findUpstream(first.serverId);
  expect(upstream && upstreamHeaders(upstream)).toEqual({ [demoKey.name]: demoKey.value });
});

test("the log stays real: no decision is invented, each act is in the audit log", async () => {
  expect((await pool().query("SELECT 1 FROM decision_log")).rowCount).toBe(0);
  const { rows } = await pool().query<{ action: string }>("SELECT action FROM admin_audit ORDER BY seq");
  expect(rows.map((row) => row.action)).toEqual(
    expect.arrayContaining(["member.create", "server.create", "policy.create", "grant.mint"]),
  );
});

test("a second run makes nothing twice, gives the same token and keeps what people changed", async () => {
  const [item] = await listPolicies(ctx);
  const policy = await getPolicy(ctx, item?.id ?? "");
  const text = policy.text.replace("value: 50000", "value: 40000");
  await publishPolicy(ctx, policy.id, { baseVersion: 1, text, reason: "" });
  expect(await seedDemo({ upstreamUrl: payments.url, publicUrl })).toEqual(first);
  expect(await counts()).toEqual({ orgs: "1", users: "3", servers: "1", headers: "1", versions: "2", grants: "1" });
  expect((await getPolicy(ctx, policy.id)).text).toBe(text);
});

test("a payments server on another port is followed, and scanned there", async () => {
  const moved = await startPaymentsServer({ host: "127.0.0.1", port: 0 });
  expect(await seedDemo({ upstreamUrl: moved.url, publicUrl })).toEqual(first);
  expect(await getServer(ctx, first.serverId)).toMatchObject({ url: moved.url, toolCount: 12, lastScanError: null });
  await moved.close();
  expect((await seedDemo({ upstreamUrl: payments.url, publicUrl })).serverId).toBe(first.serverId);
});

test("a revoked demo grant is replaced by a new one, never revived", async () => {
  const [grant] = await listGrants(ctx);
  await revokeGrant(ctx, grant?.id ?? "");
  const again = await seedDemo({ upstreamUrl: payments.url, publicUrl });
  expect(again.grantToken).not.toBe(first.grantToken);
  expect(await findGrantByToken(first.grantToken)).toMatchObject({ state: "revoked" });
  expect(await findGrantByToken(again.grantToken)).toMatchObject({ state: "active", serverId: first.serverId });
});
