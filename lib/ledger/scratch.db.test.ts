import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestDatabase, type TestDatabase } from "@/lib/testing/database";
import { Rig } from "./rig.server";
import { READ_GUARDS, SESSION } from "./sql";

let database: TestDatabase;
let rig: Rig;
beforeAll(async () => {
  database = await openTestDatabase();
  rig = new Rig(database.url);
});
afterAll(async () => {
  await rig.close();
  await database.close();
});
const old = READ_GUARDS.text.replace(/, b\.version AS bundle_version/, "").replace(/LEFT JOIN bundle b[\s\S]*$/, "").replace("g.org_id = k.org_id\nJOIN server", "g.org_id = k.org_id AND g.server_id = k.server_id AND g.policy_id IS NOT DISTINCT FROM k.policy_id\nJOIN server");
test("speed", async () => {
  const scene = await rig.createScene();
  const client = await rig.pool.connect();
  await client.query(SESSION);
  const values = [scene.orgId, scene.grantId, scene.serverId, scene.policyId].map((id) => [id]);
  for (let round = 0; round < 3; round++)
    for (const [name, text] of [["old", old], ["new", READ_GUARDS.text]] as const) {
      const at = performance.now();
      for (let i = 0; i < 500; i++) expect((await client.query({ name, text, values })).rows).toHaveLength(1);
      console.log(name, (performance.now() - at) / 500);
    }
  const plan = await client.query(`EXPLAIN ANALYZE EXECUTE new(ARRAY['${scene.orgId}']::uuid[], ARRAY['${scene.grantId}']::uuid[], ARRAY['${scene.serverId}']::uuid[], ARRAY['${scene.policyId}']::uuid[])`);
  console.log(plan.rows.map((row) => Object.values(row)[0]).join("\n"));
  client.release();
});
