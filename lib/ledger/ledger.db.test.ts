import { afterAll, beforeAll, expect, test } from "vitest";
import { toText } from "@/lib/kernel/decimal";
import { createTestDatabase } from "@/lib/testing/database";
import type { OpenLedger } from "./open-ledger.server";
import { Rig } from "./rig.server";
import { claimOf, intentOf, outcomeOf, refusalOf } from "./scene.server";
import type { ClaimOptions, Scene } from "./scene.server";
import type { ReserveResult } from "./types";

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

const countOf = (answers: readonly ReserveResult[], kind: ReserveResult["kind"]) =>
  answers.filter((answer) => answer.kind === kind).length;

function sentOf(answers: readonly ReserveResult[]) {
  return answers.flatMap((answer) => (answer.kind === "sent" ? answer.ticket : []));
}

const spend = (scene: Scene, amount: number | string, options: ClaimOptions = { max: 10_000 }) =>
  intentOf(scene, claimOf(scene, "spend", amount, options));

async function usedOf(scene: Scene, name = "spend"): Promise<string[]> {
  const { counters } = await rig.snapshot(scene.orgId);
  const own = counters.filter(({ key }) => key.includes(`"${name}"`));
  return own.sort((a, b) => a.startMs - b.startMs).map(({ used }) => toText(used));
}

test.each([1, 2])(
  "Q1 400 parallel calls of 100 against 10,000: exactly 100 are sent, with %i instances",
  async (instances) => {
    const scene = await rig.createScene();
    const ledgers: OpenLedger[] = [];
    for (let n = 0; n < instances; n++) ledgers.push(await rig.open());
    const answers = await Promise.all(
      Array.from({ length: 400 }, (_, n) => ledgers[n % instances]?.reserve(spend(scene, 100)) ?? never()),
    );
    expect([countOf(answers, "sent"), countOf(answers, "limited")]).toEqual([100, 300]);
    expect(await usedOf(scene)).toEqual(["10000"]);
    expect(await rig.breaches(scene.orgId)).toEqual([]);
    expect(rig.failures).toEqual([]);
  },
);

test("Q1 two counters at once, two instances: a call takes both or none", async () => {
  const scene = await rig.createScene();
  const ledgers = [await rig.open(), await rig.open()];
  const intent = (n: number) => {
    const [a, b] = [claimOf(scene, "a", 3, { max: 100 }), claimOf(scene, "b", n % 5, { max: 60 })];
    return n % 2 === 0 ? intentOf(scene, a, b) : intentOf(scene, b, a);
  };
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, n) => ledgers[n % 2]?.reserve(intent(n)) ?? never()),
  );
  const { reservations } = await rig.snapshot(scene.orgId);
  expect(reservations).toHaveLength(countOf(answers, "sent"));
  expect(reservations.every((one) => one.lines.length === 2)).toBe(true);
  expect(await rig.breaches(scene.orgId)).toEqual([]);
});

test("L3 50 callers × 20 calls over two instances: one order, no fork, no gap", async () => {
  const scene = await rig.createScene();
  const ledgers = [await rig.open(), await rig.open()] as const;
  const caller = async (n: number) => {
    const ledger = ledgers[n % 2 === 0 ? 0 : 1];
    for (let call = 0; call < 20; call++) {
      if (call % 5 === 4) {
        expect(await ledger.record(refusalOf(scene))).toEqual({ kind: "recorded" });
        continue;
      }
      const answer = await ledger.reserve(spend(scene, 1));
      const [ticket] = sentOf([answer]);
      if (ticket) ledger.settle(ticket, outcomeOf(call % 2 === 0 ? "success" : "failure"));
    }
  };
  await Promise.all(Array.from({ length: 50 }, (_, n) => caller(n)));
  await Promise.all(ledgers.map((ledger) => ledger.drain()));
  const { log, head } = await rig.snapshot(scene.orgId);
  expect(log).toHaveLength(50 * (16 * 2 + 4));
  expect(head.seq).toBe(BigInt(log.length));
  expect(await rig.breaches(scene.orgId)).toEqual([]);
  expect(await usedOf(scene)).toEqual(["400"]);
});

test("amounts are exact: a thousand times 0.1 fills 100, and nothing more fits", async () => {
  const scene = await rig.createScene();
  const ledger = await rig.open();
  const answers = await Promise.all(
    Array.from({ length: 1_001 }, () => ledger.reserve(spend(scene, "0.1", { max: 100 }))),
  );
  expect([countOf(answers, "sent"), countOf(answers, "limited")]).toEqual([1_000, 1]);
  expect(await usedOf(scene)).toEqual(["100"]);
});

test("sums of the widest amounts stay exact", async () => {
  const scene = await rig.createScene();
  const ledger = await rig.open();
  const wide = { ...claimOf(scene, "spend", "123456789012345678901234567890"), limits: [] };
  const small = { ...claimOf(scene, "spend", "0.00000000000000000000000000001"), limits: [] };
  for (const claim of [wide, small, wide]) expect((await ledger.reserve(intentOf(scene, claim))).kind).toBe("sent");
  expect(await usedOf(scene)).toEqual(["246913578024691357802469135780.00000000000000000000000000001"]);
  expect(await rig.breaches(scene.orgId)).toEqual([]);
});

test("one batch serves several organisations, each on its own chain", async () => {
  const scenes = await Promise.all(Array.from({ length: 5 }, rig.createScene));
  const ledger = await rig.open();
  const answers = await Promise.all(
    scenes.flatMap((scene) => [spend(scene, 1), spend(scene, 2)]).map((one) => ledger.reserve(one)),
  );
  expect(countOf(answers, "sent")).toBe(10);
  for (const { orgId } of scenes) {
    expect((await rig.snapshot(orgId)).log.map((row) => row.seq)).toEqual([1n, 2n]);
    expect(await rig.breaches(orgId)).toEqual([]);
  }
});

test("an outcome is written once, also when two instances report it", async () => {
  const scene = await rig.createScene();
  const ledgers = [await rig.open(), await rig.open()] as const;
  const [ticket] = sentOf([await ledgers[0].reserve(spend(scene, 40))]);
  if (!ticket) throw new Error("not sent");
  for (const ledger of ledgers) {
    ledger.settle(ticket, outcomeOf("failure"));
    ledger.settle(ticket, outcomeOf("success"));
  }
  await Promise.all(ledgers.map((ledger) => ledger.drain()));
  const { log, reservations } = await rig.snapshot(scene.orgId);
  expect(log.filter((row) => row.kind === "outcome")).toHaveLength(1);
  expect(reservations).toHaveLength(1);
  expect(await rig.breaches(scene.orgId)).toEqual([]);
});

test("Q6 counters survive a restart, and outcomes go to the stored window", async () => {
  const scene = await rig.createScene();
  const before = await rig.open();
  const tickets = sentOf([
    await before.reserve(spend(scene, 60, { max: 100 })),
    await before.reserve(spend(scene, 30, { max: 100 })),
  ]);
  await before.drain();
  for (const table of ["counter", "reservation_line"]) {
    await rig.pool.query(`UPDATE ${table} SET window_start = window_start - interval '1 day' WHERE org_id = $1`, [
      scene.orgId,
    ]);
  }
  await rig.pool.query("UPDATE counter SET window_end = window_end - interval '1 day' WHERE org_id = $1", [
    scene.orgId,
  ]);
  const after = await rig.open();
  expect((await after.reserve(spend(scene, 80, { max: 100 }))).kind).toBe("sent");
  expect((await after.reserve(spend(scene, 30, { max: 100 }))).kind).toBe("limited");
  const [first] = tickets;
  if (first) after.settle(first, outcomeOf("failure"));
  await after.drain();
  expect(await usedOf(scene)).toEqual(["30", "80"]);
  expect(await rig.breaches(scene.orgId)).toEqual([]);
});

test("Q14 a version that changed since the decision answers `changed` and leaves no trace", async () => {
  const ledger = await rig.open();
  for (const change of [
    `UPDATE "grant" SET version = version + 1 WHERE org_id = $1`,
    `UPDATE "grant" SET revoked_at = now() WHERE org_id = $1`,
    `UPDATE "grant" SET expires_at = now() WHERE org_id = $1`,
    `UPDATE "grant" SET policy_id = NULL WHERE org_id = $1`,
    "UPDATE server SET version = version + 1 WHERE org_id = $1",
    "UPDATE server SET enabled = false WHERE org_id = $1",
    "UPDATE policy SET live_version = 2 WHERE org_id = $1",
  ]) {
    const scene = await rig.createScene();
    await rig.pool.query(change, [scene.orgId]);
    expect([change, await ledger.reserve(spend(scene, 1))]).toEqual([change, { kind: "changed" }]);
    expect((await rig.snapshot(scene.orgId)).log).toEqual([]);
  }
});

test("Q14 a bundle's grant reserves at its servers with their policies there, and any change of the bundle answers `changed`", async () => {
  const ledger = await rig.open();
  const through = async (version: number | null) => {
    const scene = await rig.createScene();
    const { orgId, serverId, policyId } = scene;
    await rig.pool.query("INSERT INTO bundle (id, org_id, name) VALUES ($1, $1, 'desk')", [orgId]);
    await rig.pool.query(
      "INSERT INTO bundle_member (bundle_id, server_id, org_id, prefix, position, policy_id) VALUES ($1, $2, $1, 'p', 0, $3)",
      [orgId, serverId, policyId],
    );
    await rig.pool.query(`UPDATE "grant" SET server_id = NULL, policy_id = NULL, bundle_id = $1 WHERE org_id = $1`, [
      orgId,
    ]);
    const intent = spend(scene, 1);
    return { scene, intent: { ...intent, guards: { ...intent.guards, bundleVersion: version } } };
  };
  const { intent } = await through(1);
  expect((await ledger.reserve(intent)).kind).toBe("sent");
  expect((await ledger.reserve((await through(null)).intent)).kind).toBe("changed");
  for (const change of [
    "UPDATE bundle SET version = 2 WHERE org_id = $1",
    "UPDATE bundle SET enabled = false WHERE org_id = $1",
    "DELETE FROM bundle_member WHERE org_id = $1",
    "UPDATE bundle_member SET policy_id = NULL WHERE org_id = $1",
    "UPDATE server SET enabled = false WHERE org_id = $1",
    `UPDATE "grant" SET revoked_at = now() WHERE org_id = $1`,
  ]) {
    const { scene, intent: own } = await through(1);
    await rig.pool.query(change, [scene.orgId]);
    expect([change, await ledger.reserve(own)]).toEqual([change, { kind: "changed" }]);
    expect((await rig.snapshot(scene.orgId)).log).toEqual([]);
  }
});

test("a grant of another organisation is `changed`: nothing is counted for either", async () => {
  const [scene, other] = [await rig.createScene(), await rig.createScene()];
  const ledger = await rig.open();
  expect(await ledger.reserve({ ...spend(scene, 1), orgId: other.orgId })).toEqual({ kind: "changed" });
  expect((await rig.snapshot(other.orgId)).log).toEqual([]);
});

test("before its start and after its stop a ledger answers `unavailable`", async () => {
  const scene = await rig.createScene();
  const ledger = await rig.open();
  await ledger.stop();
  expect(await ledger.reserve(spend(scene, 1))).toEqual({ kind: "unavailable" });
  expect(await ledger.record(refusalOf(scene))).toEqual({ kind: "unavailable" });
});

function never(): never {
  throw new Error("no such ledger");
}
