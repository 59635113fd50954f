import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRecord } from "@/lib/audit/decision-record";
import { decimalOf } from "@/lib/kernel/decimal";
import { byValuesMax } from "@/lib/quota/key";
import type { Batch, GuardRow } from "./batch";
import { breachesOf, countersHold } from "./invariants";
import { MemoryStore } from "./memory-store";
import { apply, digest, guardRow, reserves, settles, splitInto, storeFor, ticketOf, usedOf } from "./plan-stage.server";
import { claimOf, intentOf, newScene, outcomeOf, refusalOf } from "./scene.server";
import type { Scene } from "./scene.server";
import { toSettlement } from "./settlement";
import type { Settlement } from "./settlement";
import type { ReserveResult } from "./types";

test("a refused call leaves the counters as they were, and a smaller one behind it passes", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const pay = (amount: number) =>
    intentOf(scene, claimOf(scene, "calls", 1), claimOf(scene, "spend", amount, { max: 100 }));
  const answers = await apply(store, reserves(pay(60), pay(60), pay(40), pay(1)));
  expect(answers.map((answer) => answer.kind)).toEqual(["sent", "limited", "sent", "limited"]);
  expect(usedOf(store, scene)).toEqual(["2", "100"]);
  expect(await breachesOf(store.snapshot(scene.orgId), digest)).toEqual([]);
});

test("what an outcome gives back is there for the calls of the same batch", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const pay = intentOf(scene, claimOf(scene, "spend", 100, { max: 100 }));
  const ticket = ticketOf((await apply(store, reserves(pay)))[0]);
  const next = intentOf(scene, claimOf(scene, "spend", 100, { max: 100 }));
  const batch = { ...reserves(next), settlements: [toSettlement(ticket, outcomeOf("failure"))] };
  expect((await apply(store, batch)).map((answer) => answer.kind)).toEqual(["sent"]);
  expect(usedOf(store, scene)).toEqual(["100"]);
});

test("the answer of a refusal names the first refusing limit, its message and the end of the window", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const spend = claimOf(scene, "spend", 7, { max: 5, window: "minute" });
  const named = {
    ...spend,
    limits: [...spend.limits, { rule: "/second", max: decimalOf(1), inclusive: true, message: "own", shadow: false }],
  };
  const [plain] = await apply(store, reserves(intentOf(scene, named)));
  expect(plain).toEqual({
    kind: "limited",
    rule: "/tools/pay/rules/spend",
    message: "Limit of 5 per minute reached; resets at 2026-03-01T12:01:00.000Z",
    retryAfterMs: 60_000,
    resetsAt: "2026-03-01T12:01:00.000Z",
  });
  const own = { ...spend, limits: named.limits.slice(1) };
  expect((await apply(store, reserves(intentOf(scene, own))))[0]).toMatchObject({ rule: "/second", message: "own" });
});

test("`lt` refuses at the bound, `lte` admits it", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const claim = claimOf(scene, "spend", 5, { max: 5 });
  const strict = { ...claim, limits: claim.limits.map((limit) => ({ ...limit, inclusive: false })) };
  expect(
    (await apply(store, reserves(intentOf(scene, strict), intentOf(scene, claim)))).map((one) => one.kind),
  ).toEqual(["limited", "sent"]);
});

test("two claims on one counter are counted together", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const twice = (amount: number) => [0, 1].map(() => claimOf(scene, "spend", amount, { max: 10 }));
  const answers = await apply(store, reserves(intentOf(scene, ...twice(6)), intentOf(scene, ...twice(5))));
  expect(answers.map((answer) => answer.kind)).toEqual(["limited", "sent"]);
  expect(usedOf(store, scene)).toEqual(["10"]);
  expect(await breachesOf(store.snapshot(scene.orgId), digest)).toEqual([]);
});

test.each<[string, Partial<GuardRow>]>([
  ["the grant has another version", { grantVersion: 2 }],
  ["the grant was revoked", { revoked: true }],
  ["the grant expired this moment", { expiresAtMs: Date.parse("2026-03-01T12:00:00Z") }],
  ["the grant is not valid yet", { notBeforeMs: Date.parse("2026-03-01T12:00:00.001Z") }],
  ["the server has another version", { serverVersion: 2 }],
  ["the server is disabled", { serverEnabled: false }],
  ["another policy version is live", { liveVersion: 2 }],
  ["the policy has no live version", { liveVersion: null }],
  ["the grant reaches the server through a bundle", { bundleVersion: 1 }],
])("Q14 changed, and nothing written, when %s", async (_, row) => {
  const scene = newScene();
  const store = new MemoryStore();
  store.allow(guardRow(scene, row));
  expect(await apply(store, reserves(intentOf(scene, claimOf(scene, "spend", 1))))).toEqual([{ kind: "changed" }]);
  expect(store.log).toEqual([]);
  expect(usedOf(store, scene)).toEqual([]);
});

test("Q14 changed when grant, server and policy no longer belong together", async () => {
  const scene = newScene();
  expect(await apply(new MemoryStore(), reserves(intentOf(scene)))).toEqual([{ kind: "changed" }]);
});

test("a second outcome for one reservation changes nothing, in one batch or in two", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const ticket = ticketOf((await apply(store, reserves(intentOf(scene, claimOf(scene, "spend", 5)))))[0]);
  const [posted, back] = [toSettlement(ticket, outcomeOf("success")), toSettlement(ticket, outcomeOf("failure"))];
  await apply(store, settles(posted, back));
  await apply(store, settles(back));
  expect(usedOf(store, scene)).toEqual(["5"]);
  expect(store.log.map((row) => row.outcome)).toEqual([null, "posted"]);
});

test("an outcome under another organisation's name is ignored", async () => {
  const [scene, other] = [newScene(), newScene()];
  const store = storeFor(scene, other);
  const ticket = ticketOf((await apply(store, reserves(intentOf(scene, claimOf(scene, "spend", 5)))))[0]);
  await apply(store, settles({ ...toSettlement(ticket, outcomeOf("failure")), orgId: other.orgId }));
  expect(usedOf(store, scene)).toEqual(["5"]);
  expect(store.snapshot(other.orgId).log).toEqual([]);
});

test("Q6 an outcome after midnight goes to the window of its reservation", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  store.nowMs = Date.parse("2026-12-31T23:59:59.999Z");
  const pay = () => intentOf(scene, claimOf(scene, "spend", 80, { max: 100 }));
  const late = ticketOf((await apply(store, reserves(pay())))[0]);
  store.nowMs += 1;
  const answers = await apply(store, reserves(pay(), pay()));
  expect(answers.map((answer) => answer.kind)).toEqual(["sent", "limited"]);
  await apply(store, settles(toSettlement(late, outcomeOf("failure"))));
  expect(usedOf(store, scene)).toEqual(["0", "80"]);
  expect(await breachesOf(store.snapshot(scene.orgId), digest)).toEqual([]);
});

test("the strictest word of the limits becomes the ticket's", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const claim = (name: string, onUnknown: "hold" | "release", onToolError: "void" | "post") =>
    claimOf(scene, name, 1, { onUnknown, onToolError });
  const answers = await apply(
    store,
    reserves(
      intentOf(scene, claim("a", "release", "void"), claim("b", "release", "void")),
      intentOf(scene, claim("a", "release", "void"), claim("b", "hold", "post")),
      intentOf(scene),
    ),
  );
  const words = answers.map(ticketOf).map(({ onUnknown, onToolError }) => [onUnknown, onToolError]);
  expect(words).toEqual([
    ["release", "void"],
    ["hold", "post"],
    ["hold", "void"],
  ]);
});

test("L6 no argument value enters a record: amounts stay in the counters", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  await apply(store, reserves(intentOf(scene, claimOf(scene, "spend", 424_242))));
  expect(JSON.stringify(store.log.map((row) => row.record))).not.toContain("424242");
});

interface Step {
  org: number;
  kind: "reserve" | "record" | "settle";
  amount: number;
  calls: number;
  /** Which value splits a counter that has room for two more. */
  value: number;
  end: "success" | "failure" | "tool_error" | "unknown";
  pick: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  org: fc.nat({ max: 1 }),
  kind: fc.constantFrom("reserve", "reserve", "record", "settle"),
  amount: fc.nat({ max: 40 }),
  calls: fc.nat({ max: 3 }),
  value: fc.nat({ max: 5 }),
  end: fc.constantFrom("success", "failure", "tool_error", "unknown"),
  pick: fc.nat(),
});

test("I2, I3, I9 hold after any batches, and no batch admits more or less than one call after the other would", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { maxLength: 12 }), { maxLength: 8 }), async (batches) => {
      const scenes = [newScene(), newScene()] as const;
      const [batched, single] = [storeFor(...scenes), storeFor(...scenes)];
      for (const store of [batched, single])
        for (const scene of scenes) splitInto(store, scene, "split", byValuesMax - 2);
      const open: Settlement[] = [];
      for (const steps of batches) {
        const settlements = steps.flatMap(({ kind, pick, end }) => {
          const [found] = kind === "settle" && open.length > 0 ? open.splice(pick % open.length, 1) : [];
          return found ? [{ ...found, ...settlementFor(end) }] : [];
        });
        const requests = steps.flatMap((one) => requestFor(scenes[one.org === 0 ? 0 : 1], one));
        const answers = await apply(batched, { settlements, requests });
        for (const settlement of settlements) await apply(single, settles(settlement));
        const alone: ReserveResult[] = [];
        for (const request of requests) alone.push(...(await apply(single, { settlements: [], requests: [request] })));
        expect(answers).toEqual(alone);
        for (const answer of answers) {
          if (answer.kind === "sent") open.push(toSettlement(answer.ticket, outcomeOf("success")));
        }
      }
      for (const { orgId } of scenes) {
        expect(await breachesOf(batched.snapshot(orgId), digest)).toEqual([]);
        expect(countersHold(batched.snapshot(orgId))).toEqual([]);
        expect(batched.snapshot(orgId).head).toEqual(single.snapshot(orgId).head);
        expect(batched.snapshot(orgId).counters.filter(({ key }) => key.includes("split")).length).toBeLessThanOrEqual(
          2,
        );
        expect(nearMarks(batched, orgId)).toEqual([...new Set(nearMarks(batched, orgId))]);
      }
    }),
    { numRuns: 60 },
  );
});

function settlementFor(end: Step["end"]) {
  const { state } = toSettlement(ticketFor, outcomeOf(end));
  return { end, state };
}

const ticketFor = { ...intentOf(newScene()), onUnknown: "hold", onToolError: "void", reservedAt: "" } as const;

/** Which counters were said to be near their cap; all windows of a run are one. */
function nearMarks(store: MemoryStore, orgId: string): string[] {
  return store.log.flatMap((row) => {
    const record = row.orgId === orgId ? parseRecord(row.record) : null;
    const counted = record?.kind === "decision" ? record.counted : [];
    return counted.filter((one) => one.near && one.name !== "split").map((one) => one.name);
  });
}

function requestFor(scene: Scene, { kind, amount, calls, value }: Step): Batch["requests"][number][] {
  if (kind === "settle") return [];
  if (kind === "record") return [{ kind, orgId: scene.orgId, refusal: refusalOf(scene) }];
  const claims = [
    claimOf(scene, "spend", amount, { max: 100 }),
    claimOf(scene, "calls", calls, { max: 12 }),
    claimOf(scene, "watched", amount, { max: 50, shadow: true }),
    claimOf(scene, "split", amount, { max: 60, by: [`v${String(value)}`], shadow: value === 5 }),
  ];
  return [{ kind, orgId: scene.orgId, intent: intentOf(scene, ...claims) }];
}
