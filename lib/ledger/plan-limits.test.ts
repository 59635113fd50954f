import { expect, test } from "vitest";
import { parseRecord } from "@/lib/audit/decision-record";
import { decimalOf } from "@/lib/kernel/decimal";
import { byValuesMax, counterPers } from "@/lib/quota/key";
import { breachesOf } from "./invariants";
import type { MemoryStore } from "./memory-store";
import { apply, digest, reserves, run, settles, splitInto, storeFor, ticketOf, usedOf } from "./plan-stage.server";
import { claimOf, intentOf, newScene, outcomeOf, refusalOf } from "./scene.server";
import type { ClaimOptions, Scene } from "./scene.server";
import { toSettlement } from "./settlement";
import type { ClaimLimit } from "./types";

const kindsOf = (answers: readonly { kind: string }[]) => answers.map((answer) => answer.kind);
const maxesOf = (store: MemoryStore, scene: Scene) =>
  store.snapshot(scene.orgId).counters.map(({ max }) => max?.int ?? null);

/** What the decision records say, oldest first. */
function decisionsOf(store: MemoryStore) {
  return store.log.flatMap((row) => {
    const record = parseRecord(row.record);
    return record?.kind === "decision" ? [{ ...record, shadowColumn: row.shadow }] : [];
  });
}

const nearOf = (store: MemoryStore) =>
  decisionsOf(store).map(({ counted }) => counted.filter((one) => one.near).map((one) => one.name));

const limit = (rule: string, max: number, more: Partial<ClaimLimit> = {}): ClaimLimit => ({
  rule,
  max: decimalOf(max),
  inclusive: true,
  message: null,
  shadow: false,
  ...more,
});

const withLimits = (scene: Scene, amount: number, ...limits: ClaimLimit[]) => ({
  ...claimOf(scene, "spend", amount),
  limits,
});

const by = (scene: Scene, value: string, options: ClaimOptions = {}) =>
  intentOf(scene, claimOf(scene, "split", 1, { by: [value], ...options }));

test("a limit in shadow never refuses: the call is counted, and what it would have done is noted", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const pay = () => intentOf(scene, claimOf(scene, "spend", 60, { max: 100, shadow: true }));
  const given = [{ rule: "/tools/pay/rules/late", would: "hold" }] as const;
  const answers = await apply(store, reserves(pay(), pay(), { ...pay(), shadow: given }));
  expect(kindsOf(answers)).toEqual(["sent", "sent", "sent"]);
  expect(usedOf(store, scene)).toEqual(["180"]);
  const note = { rule: "/tools/pay/rules/spend", would: "rate_limited" };
  for (const said of decisionsOf(store)) expect(said.shadow).toEqual(said.shadowColumn);
  expect(decisionsOf(store).map((one) => one.shadow)).toEqual([null, [note], [...given, note]]);
  expect(await breachesOf(store.snapshot(scene.orgId), digest)).toEqual([]);
});

test.each<[string, ClaimLimit[], string, string | null, string[], number | null]>([
  ["shadow alone", [limit("s", 5, { shadow: true })], "sent", null, ["s"], null],
  ["both full", [limit("s", 5, { shadow: true }), limit("e", 6)], "limited", "e", ["s"], null],
  ["enforced first", [limit("e", 6), limit("s", 5, { shadow: true })], "limited", "e", ["s"], null],
  ["shadow has room", [limit("s", 50, { shadow: true }), limit("e", 6)], "limited", "e", [], null],
  ["enforced has room", [limit("s", 5, { shadow: true }), limit("e", 60)], "sent", null, ["s"], 60],
  [
    "at the bound of `lt`",
    [limit("s", 10, { shadow: true, inclusive: false }), limit("e", 10)],
    "sent",
    null,
    ["s"],
    10,
  ],
  ["two in shadow", [limit("s", 5, { shadow: true }), limit("t", 6, { shadow: true })], "sent", null, ["s", "t"], null],
])("limits of one counter, %s: the enforced decide, those in shadow are noted", async (...row) => {
  const [, limits, kind, rule, notes, max] = row;
  const scene = newScene();
  const store = storeFor(scene);
  const [answer] = await apply(store, reserves(intentOf(scene, withLimits(scene, 10, ...limits))));
  expect(answer).toMatchObject(rule === null ? { kind } : { kind, rule });
  const [record] = decisionsOf(store);
  expect(record?.shadow?.map((one) => [one.rule, one.would]) ?? []).toEqual(notes.map((one) => [one, "rate_limited"]));
  expect(maxesOf(store, scene)).toEqual(kind === "sent" ? [max] : []);
});

test("a refusal notes what limits in shadow of its other counters say, wherever they stand", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const watched = (name: string) => claimOf(scene, name, 2, { max: 1, shadow: true });
  await apply(store, reserves(intentOf(scene, watched("a"), claimOf(scene, "spend", 2, { max: 1 }), watched("b"))));
  expect(decisionsOf(store)[0]?.shadow?.map((one) => one.rule)).toEqual(["/tools/pay/rules/a", "/tools/pay/rules/b"]);
  expect(usedOf(store, scene)).toEqual([]);
});

test("a counter that only limits in shadow speak of has no say in what becomes of a lost or failed call", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const claim = (name: string, options: ClaimOptions) => claimOf(scene, name, 1, options);
  const plain = { onUnknown: "release", onToolError: "void" } as const;
  const strict = { onUnknown: "hold", onToolError: "post" } as const;
  const unlimited = { ...claim("c", strict), limits: [] };
  const answers = await apply(
    store,
    reserves(
      intentOf(scene, claim("a", plain), claim("b", { ...strict, shadow: true })),
      intentOf(scene, claim("b", { ...strict, shadow: true })),
      intentOf(scene, claim("b", { ...plain, shadow: true })),
      intentOf(scene, claim("a", plain), unlimited),
    ),
  );
  expect(answers.map(ticketOf).map(({ onUnknown, onToolError }) => [onUnknown, onToolError])).toEqual([
    ["release", "void"],
    ["hold", "void"],
    ["hold", "void"],
    ["hold", "post"],
  ]);
});

test.each(counterPers)("a counter per %s names a grant only when it is one grant's alone", async (per) => {
  const scene = newScene();
  const store = storeFor(scene);
  await apply(store, reserves(intentOf(scene, claimOf(scene, "spend", 1, { per }))));
  expect([...store.counters.values()].map((row) => row.grantId)).toEqual([per === "grant" ? scene.grantId : null]);
});

test("one counter is split into at most a thousand values in a window, also within one batch", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const values = Array.from({ length: byValuesMax }, (_, n) => String(n));
  const first = await apply(
    store,
    reserves(...values.map((value) => by(scene, value)), by(scene, "more"), by(scene, "7")),
  );
  expect(kindsOf(first).filter((kind) => kind === "sent")).toHaveLength(byValuesMax + 1);
  const denied = {
    kind: "denied",
    rule: "/tools/pay/rules/split",
    reason: "by_values",
    message: 'Denied by rule "split": more than 1,000 different values in this day',
  };
  expect(first.at(-2)).toEqual(denied);
  expect(await apply(store, reserves(by(scene, "more"), by(scene, "8")))).toMatchObject([denied, { kind: "sent" }]);
  const said = decisionsOf(store).find((one) => one.decision === "deny");
  expect(said).toMatchObject({ rule: denied.rule, reason: "by_values", counted: [], shadow: null });
  store.nowMs += 86_400_000;
  expect(kindsOf(await apply(store, reserves(by(scene, "more"))))).toEqual(["sent"]);
  expect(await breachesOf(store.snapshot(scene.orgId), digest)).toEqual([]);
});

test("the last place goes to the first that comes, and a call that is refused takes none", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  splitInto(store, scene, "split", byValuesMax - 1);
  const full = intentOf(scene, claimOf(scene, "split", 1, { by: ["a"] }), claimOf(scene, "spend", 2, { max: 1 }));
  const twice = intentOf(scene, ...["b", "c"].map((value) => claimOf(scene, "split", 1, { by: [value] })));
  const answers = await apply(store, reserves(full, twice, by(scene, "d"), by(scene, "e"), by(scene, "d")));
  expect(kindsOf(answers)).toEqual(["limited", "denied", "sent", "denied", "sent"]);
});

test("two claims on one counter, and one family's counters of two windows, take a place each where they are", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  splitInto(store, scene, "split", byValuesMax - 1);
  const claim = (value: string) => claimOf(scene, "split", 1, { by: [value] });
  const answers = await apply(
    store,
    reserves(intentOf(scene, claim("a"), { ...claim("b"), window: "hour" }), intentOf(scene, claim("a"), claim("a"))),
  );
  expect(kindsOf(answers)).toEqual(["sent", "sent"]);
  const other = newScene();
  const second = storeFor(other);
  splitInto(second, other, "split", byValuesMax - 1);
  const twice = claimOf(other, "split", 1, { by: ["a"] });
  expect(kindsOf(await apply(second, reserves(intentOf(other, twice, twice))))).toEqual(["sent"]);
});

test("other counters, other scopes and other organisations have places of their own", async () => {
  const [scene, other] = [newScene(), newScene()];
  const store = storeFor(scene, other);
  splitInto(store, scene, "split", byValuesMax);
  const answers = await apply(
    store,
    reserves(
      by(scene, "a"),
      by(scene, "a", { per: "server" }),
      intentOf(scene, claimOf(scene, "else", 1, { by: ["a"] })),
      by(other, "a"),
    ),
  );
  expect(kindsOf(answers)).toEqual(["denied", "sent", "sent", "sent"]);
});

test("too many values are a denial, which goes before any limit", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  splitInto(store, scene, "split", byValuesMax);
  const full = claimOf(scene, "spend", 2, { max: 1 });
  const split = claimOf(scene, "split", 1, { by: ["a"] });
  for (const claims of [
    [full, split],
    [split, full],
  ]) {
    const [answer] = await apply(store, reserves(intentOf(scene, ...claims)));
    expect(answer).toMatchObject({ kind: "denied", rule: "/tools/pay/rules/split" });
  }
  const [first] = await apply(store, reserves(intentOf(scene, split, { ...split, limits: [limit("later", 9)] })));
  expect(first).toMatchObject({ rule: "/tools/pay/rules/split" });
  const mixed = { ...split, limits: [limit("s", 1, { shadow: true }), limit("/tools/pay/rules/e", 9)] };
  expect((await apply(store, reserves(intentOf(scene, mixed))))[0]).toMatchObject({ rule: "/tools/pay/rules/e" });
});

test("too many values under limits in shadow are noted, and only that counter is left out", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  splitInto(store, scene, "split", byValuesMax);
  const split = claimOf(scene, "split", 1, { by: ["a"], shadow: true });
  const [answer] = await apply(store, reserves(intentOf(scene, split, claimOf(scene, "spend", 5))));
  expect(answer?.kind).toBe("sent");
  const [record] = decisionsOf(store);
  expect(record?.shadow).toEqual([{ rule: "/tools/pay/rules/split", would: "deny" }]);
  expect(record?.counted.map((one) => one.name)).toEqual(["spend"]);
  expect(usedOf(store, scene)).toEqual(["5"]);
  expect(await breachesOf(store.snapshot(scene.orgId), digest)).toEqual([]);
});

test("Q9 80 % of a cap is announced once per window: in one batch, over batches, and after quota came back", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const pay = (amount: number) => intentOf(scene, claimOf(scene, "spend", amount, { max: 100 }));
  const [before, reaches, after] = [pay(79), pay(1), pay(1)];
  const batch = await run(store, reserves(before, reaches, after));
  expect(batch.near).toEqual([{ orgId: scene.orgId, decisionId: reaches.decisionId }]);
  const back = settles(...batch.answers.map((one) => toSettlement(ticketOf(one), outcomeOf("failure"))));
  expect((await run(store, back)).near).toEqual([]);
  expect(usedOf(store, scene)).toEqual(["0"]);
  expect((await run(store, reserves(pay(90)))).near).toEqual([]);
  store.nowMs += 86_400_000;
  expect((await run(store, reserves(pay(80)))).near).toHaveLength(1);
  expect(nearOf(store)).toEqual([[], ["spend"], [], [], ["spend"]]);
});

test.each<[string, ClaimLimit[], number, boolean]>([
  ["exactly 80 %", [limit("e", 10)], 8, true],
  ["just below", [limit("e", 1_000)], 799, false],
  ["of the tightest cap", [limit("e", 100), limit("f", 10)], 8, true],
  ["in shadow alone", [limit("s", 10, { shadow: true })], 9, false],
  ["of the enforced cap only", [limit("s", 10, { shadow: true }), limit("e", 100)], 9, false],
  ["a cap of nothing", [limit("e", 0)], 0, false],
  ["no cap", [], 9, false],
])("near its cap, %s", async (_, limits, amount, near) => {
  const scene = newScene();
  const store = storeFor(scene);
  const plan = await run(store, reserves(intentOf(scene, withLimits(scene, amount, ...limits))));
  expect([plan.near.length, nearOf(store)]).toEqual(near ? [1, [["spend"]]] : [0, [[]]]);
});

test("a refused call brings nothing near, and a call that brings two counters near is announced once", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const pay = (amount: number) =>
    intentOf(scene, claimOf(scene, "a", amount, { max: 10 }), claimOf(scene, "b", amount, { max: 10 }));
  const plan = await run(store, reserves(pay(11), pay(9)));
  expect(plan.near).toHaveLength(1);
  expect(nearOf(store)).toEqual([[], ["a", "b"]]);
});

test("a recorded refusal keeps the notes that came with it", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const shadow = [{ rule: "r", would: "deny" }] as const;
  const refusal = { ...refusalOf(scene), shadow };
  await apply(store, { settlements: [], requests: [{ kind: "record", orgId: scene.orgId, refusal }] });
  expect(decisionsOf(store)).toMatchObject([{ decision: "deny", shadow, shadowColumn: shadow }]);
});

test("whatever a rule is called, its refusal and its note can be stored", async () => {
  const scene = newScene();
  const store = storeFor(scene);
  const wild = `/tools/pay/rules/a\0${"b".repeat(1_000)}`;
  const limits = [limit(wild, 1), limit(wild, 1, { shadow: true })];
  splitInto(store, scene, "split", byValuesMax);
  await apply(store, reserves(intentOf(scene, withLimits(scene, 2, ...limits))));
  await apply(store, reserves(intentOf(scene, { ...claimOf(scene, "split", 1, { by: ["a"] }), limits })));
  for (const { rule, shadow } of decisionsOf(store)) {
    for (const text of [rule, ...(shadow ?? []).map((one) => one.rule)]) {
      expect(text).toHaveLength(500);
      expect(text).not.toContain("\0");
    }
  }
});
