import { afterAll, beforeAll, expect, test, vi } from "vitest";
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

test("the console and alert rules are told once when a counter reaches 80 % of its cap", async () => {
  const scene = await createScene(pool());
  const heard: Change[] = [];
  const stop = onChange((change) => {
    if (change.orgId === scene.orgId && change.topic === "alerts") heard.push(change);
  });
  await startLedger();
  const calls = [70, 10, 5].map((amount) => intentOf(scene, claimOf(scene, "spend", amount, { max: 100 })));
  for (const call of calls) expect((await ledger().reserve(call)).kind).toBe("sent");
  await vi.waitFor(() => expect(heard).toEqual([{ topic: "alerts", orgId: scene.orgId, id: calls[1]?.decisionId }]));
  stop();
});

test("decision ids are UUIDs of version 7 that rise with time", () => {
  const ids = [1, 2, 1_700_000_000_000, 281_474_976_710_655].map((nowMs) => newDecisionId(nowMs));
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect([...ids].sort()).toEqual(ids);
  expect(newDecisionId()).not.toBe(newDecisionId());
});
