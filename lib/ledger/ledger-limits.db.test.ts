import { afterAll, beforeAll, expect, test } from "vitest";
import { parseRecord } from "@/lib/audit/decision-record";
import { byValuesMax, counterPers } from "@/lib/quota/key";
import { createTestDatabase } from "@/lib/testing/database";
import { Rig } from "./rig.server";
import { claimOf, intentOf, outcomeOf } from "./scene.server";
import type { ClaimOptions, Scene } from "./scene.server";
import type { Ledger, ReserveIntent, ReserveResult } from "./types";

let database: { url: string; drop: () => Promise<void> };
let rig: Rig;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = new Rig(database.url);
});

afterAll(async () => {
  await rig.close();
  await database.drop();
});

const by = (scene: Scene, value: string, options: ClaimOptions = {}) =>
  intentOf(scene, claimOf(scene, "split", 1, { by: [value], ...options }));

const countOf = (answers: readonly ReserveResult[], kind: ReserveResult["kind"]) =>
  answers.filter((answer) => answer.kind === kind).length;

/** All at once, one instance after the other taking the next. */
async function race(ledgers: readonly Ledger[], intents: readonly ReserveIntent[]): Promise<ReserveResult[]> {
  return Promise.all(
    intents.map(async (intent, n) => {
      const ledger = ledgers[n % ledgers.length];
      if (!ledger) throw new Error("no ledger");
      return ledger.reserve(intent);
    }),
  );
}

async function rowsOf(scene: Scene) {
  const { rows } = await rig.pool.query<
    Record<"name" | "family" | "grantId" | "max" | "used", string | null> & { nearAt: Date }
  >(
    `SELECT name, family, grant_id AS "grantId", near_at AS "nearAt", max::text, trim_scale(used)::text AS used
     FROM counter WHERE org_id = $1 ORDER BY window_start, name, key`,
    [scene.orgId],
  );
  return rows;
}

async function nearMarks(scene: Scene): Promise<string[]> {
  const { log } = await rig.snapshot(scene.orgId);
  return log.flatMap((row) => {
    const record = parseRecord(row.record);
    return record?.kind === "decision" && record.counted.some((one) => one.near) ? record.decisionId : [];
  });
}

test("two instances race for a counter's last values: exactly a thousand are let in, and those go on", async () => {
  const scene = await rig.createScene();
  const ledgers = [await rig.open(), await rig.open()];
  const values = Array.from({ length: byValuesMax + 200 }, (_, n) => String(n));
  const answers = await race(
    ledgers,
    values.map((value) => by(scene, value)),
  );
  expect([countOf(answers, "sent"), countOf(answers, "denied")]).toEqual([byValuesMax, 200]);
  expect(await rowsOf(scene)).toHaveLength(byValuesMax);
  const known = values[answers.findIndex((answer) => answer.kind === "sent")] ?? "";
  const later = await race(ledgers, [by(scene, "more"), by(scene, known), by(scene, "more", { window: "hour" })]);
  expect(later.map((answer) => answer.kind)).toEqual(["denied", "sent", "sent"]);
  const { log } = await rig.snapshot(scene.orgId);
  expect(log.filter((row) => row.decision === "deny" && row.reason === "by_values")).toHaveLength(201);
  expect(await rig.breaches(scene.orgId)).toEqual([]);
  expect(rig.failures).toEqual([]);
});

test("values of windows that are over take no place of the present one", async () => {
  const scene = await rig.createScene();
  const ledger = await rig.open();
  const values = Array.from({ length: byValuesMax }, (_, n) => String(n));
  await race(
    [ledger],
    values.map((value) => by(scene, value)),
  );
  for (const table of ["counter", "reservation_line"]) {
    await rig.pool.query(`UPDATE ${table} SET window_start = window_start - interval '1 day' WHERE org_id = $1`, [
      scene.orgId,
    ]);
  }
  await rig.pool.query(
    `INSERT INTO counter (org_id, key, window_start, window_end, policy_id, name, family)
     SELECT org_id, key, window_start - interval '1 day', window_end, policy_id, name, family FROM counter WHERE org_id = $1`,
    [scene.orgId],
  );
  const answers = await race(
    [ledger],
    [...values.slice(1), "more"].map((value) => by(scene, value)),
  );
  expect(countOf(answers, "sent")).toBe(byValuesMax);
  expect((await ledger.reserve(by(scene, "yet another"))).kind).toBe("denied");
  expect(await rig.breaches(scene.orgId)).toEqual([]);
});

test("Q9 10,000 split in 200 calls of 50 over two instances: the cap holds, and near is announced once, also after quota came back", async () => {
  const scene = await rig.createScene();
  const heard: string[] = [];
  const onNear = (_: string, decisionId: string) => void heard.push(decisionId);
  const ledgers = [await rig.open({ onNear }), await rig.open({ onNear })];
  const pay = () => intentOf(scene, claimOf(scene, "spend", 50, { max: 10_000 }));
  const answers = await race(ledgers, Array.from({ length: 200 }, pay));
  expect(countOf(answers, "sent")).toBe(200);
  expect((await ledgers[0]?.reserve(pay()))?.kind).toBe("limited");
  expect(await nearMarks(scene)).toEqual(heard);
  expect(heard).toHaveLength(1);
  const { log } = await rig.snapshot(scene.orgId);
  expect(log.findIndex((row) => row.decisionId === heard[0])).toBe(159);
  const [before] = await rowsOf(scene);
  for (const answer of answers) if (answer.kind === "sent") ledgers[1]?.settle(answer.ticket, outcomeOf("failure"));
  await ledgers[1]?.drain();
  expect(await rowsOf(scene)).toMatchObject([{ used: "0", nearAt: before?.nearAt }]);
  const again = await race(ledgers, Array.from({ length: 201 }, pay));
  expect(countOf(again, "sent")).toBe(200);
  const [given] = again.flatMap((answer) => (answer.kind === "sent" ? answer.ticket : []));
  if (given) ledgers[1]?.settle(given, outcomeOf("failure"));
  expect((await ledgers[1]?.reserve(pay()))?.kind).toBe("sent");
  expect(await rowsOf(scene)).toMatchObject([{ used: "10000", nearAt: before?.nearAt }]);
  expect(heard).toHaveLength(1);
  expect(await nearMarks(scene)).toHaveLength(1);
  expect(await rig.breaches(scene.orgId)).toEqual([]);
});

test("a first call that fills its counter announces it; the next window announces anew", async () => {
  const scene = await rig.createScene();
  const heard: string[] = [];
  const ledger = await rig.open({ onNear: (_, decisionId) => void heard.push(decisionId) });
  const [first, second] = [1, 2].map(() => intentOf(scene, claimOf(scene, "spend", 100, { max: 100 })));
  if (!first || !second) throw new Error("no intents");
  await ledger.reserve(first);
  for (const table of ["counter", "reservation_line"]) {
    await rig.pool.query(`UPDATE ${table} SET window_start = window_start - interval '1 day' WHERE org_id = $1`, [
      scene.orgId,
    ]);
  }
  await ledger.reserve(second);
  expect(heard).toEqual([first.decisionId, second.decisionId]);
  expect((await rowsOf(scene)).map((row) => row.nearAt instanceof Date)).toEqual([true, true]);
});

test("limits in shadow count and are noted in record and column; their bound is no cap", async () => {
  const scene = await rig.createScene();
  const ledger = await rig.open();
  const pay = () => intentOf(scene, claimOf(scene, "spend", 60, { max: 100, shadow: true }));
  const answers = await race([ledger], [pay(), pay(), pay()]);
  expect(countOf(answers, "sent")).toBe(3);
  expect(await rowsOf(scene)).toMatchObject([{ used: "180", max: null, nearAt: null }]);
  const { rows } = await rig.pool.query<{ shadow: unknown }>(
    "SELECT shadow FROM decision_log WHERE org_id = $1 ORDER BY seq",
    [scene.orgId],
  );
  const notes = [{ rule: "/tools/pay/rules/spend", would: "rate_limited" }];
  expect(rows.map((row) => row.shadow)).toEqual([null, notes, notes]);
  expect(await rig.breaches(scene.orgId)).toEqual([]);
});

test("a counter's row names a grant only when it is one grant's alone, and its family when values split it", async () => {
  const scene = await rig.createScene();
  const ledger = await rig.open();
  const claims = counterPers.map((per) => claimOf(scene, per, 1, { per }));
  await ledger.reserve(intentOf(scene, ...claims, claimOf(scene, "zero", 1, { by: ["usd"] })));
  expect((await rowsOf(scene)).map((row) => [row.name, row.grantId, row.family !== null])).toEqual([
    ["grant", scene.grantId, false],
    ["org", null, false],
    ["policy", null, false],
    ["server", null, false],
    ["zero", scene.grantId, true],
  ]);
});
