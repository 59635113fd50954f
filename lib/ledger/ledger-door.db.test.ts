import { afterAll, beforeAll, expect, test } from "vitest";
import { onChange, pool, type Change } from "@/lib/db/db.server";
import { openTestDatabase } from "@/lib/testing/database";
import { ledger, newDecisionId, startLedger, stopLedger } from "./ledger.server";
import { claimOf, createScene, intentOf, readSnapshot } from "./scene.server";

let database: { close(): Promise<void> };

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(async () => {
  await stopLedger();
  await database.close();
});

test("the process's ledger refuses before its start, works after it, tells the console, and refuses after its stop", async () => {
  const scene = await createScene(pool());
  const intent = () => intentOf(scene, claimOf(scene, "spend", 1));
  expect(await ledger().reserve(intent())).toEqual({ kind: "unavailable" });
  const heard = new Promise<Change>((resolve) =>
    onChange((change) => void (change.topic === "calls" && resolve(change))),
  );
  await startLedger();
  const call = intent();
  expect((await ledger().reserve(call)).kind).toBe("sent");
  expect(await heard).toEqual({ topic: "calls", orgId: scene.orgId, id: call.decisionId });
  await stopLedger();
  expect(await ledger().reserve(intent())).toEqual({ kind: "unavailable" });
  await startLedger();
  expect((await ledger().reserve(intent())).kind).toBe("sent");
  expect((await readSnapshot(pool(), scene.orgId)).reservations).toHaveLength(2);
});

test("decision ids are UUIDs of version 7 that rise with time", () => {
  const ids = [1, 2, 1_700_000_000_000, 281_474_976_710_655].map((nowMs) => newDecisionId(nowMs));
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect([...ids].sort()).toEqual(ids);
  expect(newDecisionId()).not.toBe(newDecisionId());
});
