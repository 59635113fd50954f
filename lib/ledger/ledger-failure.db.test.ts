import { readdir } from "node:fs/promises";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createTestDatabase } from "@/lib/testing/database";
import { FaultProxy } from "./fault-proxy.server";
import type { Fault } from "./fault-proxy.server";
import { Rig } from "./rig.server";
import { claimOf, intentOf, outcomeOf, refusalOf } from "./scene.server";
import type { Scene } from "./scene.server";
import type { BatchStore } from "./store";
import type { Ledger, ReserveResult, Ticket } from "./types";

let database: { url: string; drop: () => Promise<void> };
let rig: Rig;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});
beforeEach(() => {
  rig = new Rig(database.url);
});
afterEach(async () => {
  await rig.close();
});

const spend = (scene: Scene, amount: number) => intentOf(scene, claimOf(scene, "spend", amount, { max: 1_000 }));

async function sent(ledger: Ledger, scene: Scene, amount = 10): Promise<Ticket> {
  const answer = await ledger.reserve(spend(scene, amount));
  if (answer.kind !== "sent") throw new Error(`answered ${answer.kind}`);
  return answer.ticket;
}

/** The answer, which must come within two seconds. */
async function within2s(answer: Promise<ReserveResult>): Promise<ReserveResult["kind"]> {
  const startedAt = performance.now();
  const { kind } = await answer;
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  return kind;
}

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > endsAt) throw new Error("it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const statesOf = async (scene: Scene) => (await rig.snapshot(scene.orgId)).reservations.map((one) => one.state);

/** Fails the nth call of the store, before or after the real one did its work. */
function failing(nth: number, when: "before" | "after") {
  let calls = 0;
  return (store: BatchStore): BatchStore => {
    async function step<T>(work: () => Promise<T>): Promise<T> {
      calls += 1;
      const fails = calls === nth;
      if (fails && when === "before") throw new Error(`storage call ${String(nth)}`);
      const result = await work();
      if (fails) throw new Error(`storage call ${String(nth)}`);
      return result;
    }
    return {
      open: (reads) => step(() => store.open(reads)),
      commit: (writes) => step(() => store.commit(writes)),
      abandon: () => store.abandon(),
      close: () => store.close(),
    };
  };
}

test.each(["before", "after"] as const)(
  "Q3 the nth storage call fails %s its work, for all n: refused or counted, never half",
  async (when) => {
    for (let nth = 1; nth <= 14; nth++) {
      const scene = await rig.createScene();
      const ledger = await rig.open({ around: failing(nth, when) });
      const tickets: Ticket[] = [];
      for (let call = 0; call < 3; call++) {
        const answer = await ledger.reserve(spend(scene, 100));
        expect(["sent", "unavailable"]).toContain(answer.kind);
        if (answer.kind === "sent") {
          tickets.push(answer.ticket);
          ledger.settle(answer.ticket, outcomeOf(call === 1 ? "failure" : "success"));
        }
        await ledger.record(refusalOf(scene));
        await ledger.drain();
      }
      const { reservations } = await rig.snapshot(scene.orgId);
      const kept = new Set(tickets.map((ticket) => ticket.decisionId as string));
      expect(reservations.filter((one) => !kept.has(one.decisionId)).every((one) => one.state === "void")).toBe(true);
      expect(reservations.filter((one) => kept.has(one.decisionId))).toHaveLength(tickets.length);
      expect(reservations.some((one) => one.state === "sent")).toBe(false);
      expect([nth, await rig.breaches(scene.orgId)]).toEqual([nth, []]);
      await ledger.stop();
    }
  },
  60_000,
);

async function holdHead(scene: Scene) {
  const client = await rig.pool.connect();
  await client.query("BEGIN");
  await client.query("SELECT 1 FROM chain_head WHERE org_id = $1 FOR UPDATE", [scene.orgId]);
  return async () => {
    await client.query("ROLLBACK");
    client.release();
  };
}

const backendOf = (leaseId: string) =>
  rig.pool.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'",
    [`policylayer ledger ${leaseId}`],
  );

test("Q4 the lock is held elsewhere: unavailable within two seconds, nothing half, and fine afterwards", async () => {
  const scene = await rig.createScene();
  const ledger = await rig.open();
  await sent(ledger, scene);
  const release = await holdHead(scene);
  expect(await within2s(ledger.reserve(spend(scene, 5)))).toBe("unavailable");
  await release();
  expect(await within2s(ledger.reserve(spend(scene, 6)))).toBe("sent");
  expect((await rig.snapshot(scene.orgId)).reservations).toHaveLength(2);
  expect(await rig.breaches(scene.orgId)).toEqual([]);
});

test("Q4 the backend is terminated in the middle of a batch: unavailable, nothing half, reconnects", async () => {
  const scene = await rig.createScene();
  const ledger = await rig.open();
  await sent(ledger, scene);
  const release = await holdHead(scene);
  const answer = within2s(ledger.reserve(spend(scene, 5)));
  await waitFor(async () => (await backendOf(ledger.leaseId)).rows.length === 1);
  await rig.pool.query("SELECT pg_terminate_backend($1)", [(await backendOf(ledger.leaseId)).rows[0]?.pid]);
  expect(await answer).toBe("unavailable");
  await release();
  expect(await within2s(ledger.reserve(spend(scene, 6)))).toBe("sent");
  expect(await rig.breaches(scene.orgId)).toEqual([]);
});

test("Q4 an idle connection that was cut is replaced without a refusal", async () => {
  const scene = await rig.createScene();
  const ledger = await rig.open();
  await sent(ledger, scene);
  const find = "SELECT pid FROM pg_stat_activity WHERE application_name = $1";
  const { rows } = await rig.pool.query<{ pid: number }>(find, [`policylayer ledger ${ledger.leaseId}`]);
  const pid = rows[0]?.pid;
  await rig.pool.query("SELECT pg_terminate_backend($1)", [pid]);
  const isGone = "SELECT 1 FROM pg_stat_activity WHERE pid = $1";
  await waitFor(async () => (await rig.pool.query(isGone, [pid])).rows.length === 0);
  await rig.pool.query("SELECT 1");
  expect(await within2s(ledger.reserve(spend(scene, 6)))).toBe("sent");
});

test("Q4 nobody listens at the database's address: unavailable at once", async () => {
  const scene = await rig.createScene();
  const ledger = await rig.open({ connection: { host: "127.0.0.1", port: 9 } });
  expect(await within2s(ledger.reserve(spend(scene, 1)))).toBe("unavailable");
  expect(await ledger.record(refusalOf(scene))).toEqual({ kind: "unavailable" });
});

test.each<[Fault, string[]]>([
  ["lose", []],
  ["answer", ["void"]],
  ["hang", ["void"]],
])("Q5 cut during COMMIT (%s): unavailable, looked up by id, given back if it had happened", async (fault, states) => {
  const { hostname, port, username, password, pathname } = new URL(rig.url);
  const proxy = new FaultProxy({ host: hostname, port: Number(port) });
  const at = { host: "127.0.0.1", port: await proxy.listen(), user: username, password: decodeURIComponent(password) };
  const scene = await rig.createScene();
  const ledger = await rig.open({ connection: { ...at, database: pathname.slice(1) } });
  await sent(ledger, scene);
  proxy.arm(fault);
  const answers = [ledger.reserve(spend(scene, 5)), ledger.reserve(spend(scene, 6))];
  expect(await Promise.all(answers.map(within2s))).toEqual(["unavailable", "unavailable"]);
  await proxy.struck;
  await ledger.drain();
  expect((await statesOf(scene)).sort()).toEqual(["sent", ...states, ...states]);
  expect(await within2s(ledger.reserve(spend(scene, 990)))).toBe("sent");
  expect(await rig.breaches(scene.orgId)).toEqual([]);
  await ledger.stop();
  await proxy.close();
});

async function refuseLog(kind: "decision" | "outcome", scene: Scene) {
  await rig.pool.query(`
    CREATE OR REPLACE FUNCTION refuse_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON decision_log FOR EACH ROW
      WHEN (new.kind = '${kind}' AND new.org_id = '${scene.orgId}') EXECUTE FUNCTION refuse_insert()`);
  return () => rig.pool.query("DROP TRIGGER refuse ON decision_log");
}

test("L1 the log takes no record: the call is refused and nothing is counted", async () => {
  const scene = await rig.createScene();
  const ledger = await rig.open();
  const repair = await refuseLog("decision", scene);
  expect(await within2s(ledger.reserve(spend(scene, 5)))).toBe("unavailable");
  expect(await ledger.record(refusalOf(scene))).toEqual({ kind: "unavailable" });
  await repair();
  const { counters, reservations } = await rig.snapshot(scene.orgId);
  expect([counters, reservations]).toEqual([[], []]);
  await waitFor(async () => (await ledger.reserve(spend(scene, 5))).kind === "sent");
});

test("L1 an outcome that cannot be written blocks its organisation only, is retried, and is written once", async () => {
  const [scene, other] = [await rig.createScene(), await rig.createScene()];
  const ledger = await rig.open();
  const ticket = await sent(ledger, scene);
  const repair = await refuseLog("outcome", scene);
  ledger.settle(ticket, outcomeOf("failure"));
  await waitFor(async () => (await ledger.reserve(spend(scene, 1))).kind === "unavailable");
  await waitFor(async () => (await ledger.reserve(spend(other, 1))).kind === "sent");
  expect(await within2s(ledger.reserve(spend(scene, 1)))).toBe("unavailable");
  await repair();
  await waitFor(async () => (await ledger.reserve(spend(scene, 1_000))).kind === "sent");
  const { log } = await rig.snapshot(scene.orgId);
  expect(log.filter((row) => row.decisionId === ticket.decisionId && row.kind === "outcome")).toHaveLength(1);
  expect(await rig.breaches(scene.orgId)).toEqual([]);
});

test("L1 an outcome that cannot be written outlives its process in the spool", async () => {
  const spoolFolder = await mkdtemp(path.join(os.tmpdir(), "ledger-spool-"));
  const scene = await rig.createScene();
  const before = await rig.open({ spoolFolder });
  const ticket = await sent(before, scene, 700);
  const repair = await refuseLog("outcome", scene);
  before.settle(ticket, outcomeOf("failure", { reason: "upstream_unreachable" }));
  await waitFor(async () => (await readdir(spoolFolder)).length === 1);
  await repair();
  const after = await rig.open({ spoolFolder });
  await after.drain();
  expect(await statesOf(scene)).toEqual(["void"]);
  expect((await rig.snapshot(scene.orgId)).log.at(-1)?.reason).toBe("upstream_unreachable");
  await before.drain();
  await Promise.all([before.stop(), after.stop()]);
  expect(await readdir(spoolFolder)).toEqual([]);
  expect(await rig.breaches(scene.orgId)).toEqual([]);
  await rm(spoolFolder, { recursive: true });
});

const quick = { heartbeatMs: 3_600_000, expiryMs: 3_600_000, overdueMs: 360_000 };

test("Q2 sent calls of a process that is gone become in doubt and keep counting; those of a living one stay", async () => {
  const scene = await rig.createScene();
  const [dead, alive] = [await rig.open({ times: quick }), await rig.open({ times: quick })];
  const lost = await sent(dead, scene, 100);
  const kept = await sent(alive, scene, 100);
  await rig.pool.query("UPDATE replica_lease SET expires_at = now() - interval '1 second' WHERE id = $1", [
    dead.leaseId,
  ]);
  await alive.sweep();
  await alive.drain();
  const { reservations, log } = await rig.snapshot(scene.orgId);
  const stateOf = (ticket: Ticket) => reservations.find((one) => one.decisionId === ticket.decisionId)?.state;
  expect([stateOf(lost), stateOf(kept)]).toEqual(["in_doubt", "sent"]);
  expect(log.at(-1)).toMatchObject({ kind: "outcome", outcome: "in_doubt", reason: "lease_lost" });
  expect(await rig.breaches(scene.orgId)).toEqual([]);
  expect((await alive.reserve(spend(scene, 801))).kind).toBe("limited");
});

test("Q10 a late success after the sweep changes nothing: the call stays in doubt", async () => {
  const scene = await rig.createScene();
  const ledger = await rig.open({ times: quick });
  const ticket = await sent(ledger, scene);
  await rig.pool.query("UPDATE reservation SET created_at = now() - interval '361 seconds' WHERE id = $1", [
    ticket.decisionId,
  ]);
  await ledger.sweep();
  await ledger.drain();
  expect((await rig.snapshot(scene.orgId)).log.at(-1)?.reason).toBe("overdue");
  ledger.settle(ticket, outcomeOf("success"));
  await ledger.drain();
  expect(await statesOf(scene)).toEqual(["in_doubt"]);
  expect(await rig.breaches(scene.orgId)).toEqual([]);
});
