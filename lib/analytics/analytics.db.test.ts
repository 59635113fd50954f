import { afterAll, beforeAll, expect, test } from "vitest";
import { pool } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { Rig } from "@/lib/ledger/rig.server";
import { claimOf, intentOf } from "@/lib/ledger/scene.server";
import { openTestDatabase } from "@/lib/testing/database";
import { readOverview } from "./analytics.server";

let database: { url: string; close(): Promise<void> };
let rig: Rig;

beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database.url);
});
afterAll(async () => {
  await rig.close();
  await database.close();
});

test("counters of the ledger are shown with their grant or with who shares them, and with what splits them", async () => {
  const scene = await rig.createScene();
  const ledger = await rig.open();
  const claims = (["grant", "policy", "server", "org"] as const).map((per) =>
    claimOf(scene, per, 1, { per, max: 2, by: per === "org" ? ['"usd"'] : [] }),
  );
  expect((await ledger.reserve(intentOf(scene, ...claims))).kind).toBe("sent");
  await pool().query(`UPDATE counter SET key = 'sha256:00' WHERE org_id = $1 AND name = 'policy'`, [scene.orgId]);
  const actor = { kind: "system", name: "test" } as const;
  const ctx: Ctx = { orgId: scene.orgId, actor, permissions: new Set(["read"]), requestId: "r", now: new Date() };
  const { counters } = await readOverview(ctx);
  const shown = counters.map(({ name, per, by, grantId, grantLabel }) => ({ name, per, by, grantId, grantLabel }));
  expect(shown.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
    { name: "grant", per: "grant", by: [], grantId: scene.grantId, grantLabel: "agent" },
    { name: "org", per: "org", by: ['"usd"'], grantId: null, grantLabel: "Whole organisation" },
    { name: "policy", per: null, by: [], grantId: null, grantLabel: "Shared" },
    { name: "server", per: "server", by: [], grantId: null, grantLabel: "Server payments" },
  ]);
});
