import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { guardKeyOf } from "./batch";
import type { Answer, BatchReads, BatchWrites } from "./batch";
import { breachesOf } from "./invariants";
import { MemoryStore } from "./memory-store";
import { Outbox } from "./outbox";
import { claimOf, intentOf, newScene, outcomeOf } from "./scene.server";
import { toSettlement } from "./settlement";
import type { Settlement } from "./settlement";
import type { CommitResult } from "./store";
import { Writer } from "./writer";

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

/** The memory store with a gate before each step: a test lets steps through, or makes them fail. */
class GatedStore extends MemoryStore {
  batches: number[] = [];
  opens: (() => Promise<void> | undefined)[] = [];
  commits: ((writes: BatchWrites) => Promise<CommitResult> | undefined)[] = [];

  override async open(reads: BatchReads) {
    this.batches.push(reads.settlements.length + reads.guards.length + reads.counters.length);
    await this.opens.shift()?.();
    return super.open(reads);
  }

  override async commit(writes: BatchWrites) {
    return (await this.commits.shift()?.(writes)) ?? super.commit(writes);
  }
}

function rig(answerTimeoutMs = 1_000) {
  const store = new GatedStore();
  const scene = newScene();
  const versions = { grantVersion: 1, serverVersion: 1, liveVersion: 1, bundleVersion: null, serverEnabled: true };
  const row = { revoked: false, notBeforeMs: null, expiresAtMs: null, ...versions };
  store.allow({ ...guardKeyOf(scene.orgId, intentOf(scene).guards), ...row });
  const spooled: Settlement[] = [];
  const spool = {
    append: (more: readonly Settlement[]) => void spooled.push(...more),
    clear: () => void spooled.splice(0),
  };
  const failures: unknown[] = [];
  const options = {
    answerTimeoutMs,
    onCommitted: () => undefined,
    onFailure: (error: unknown) => void failures.push(error),
  };
  const writer = new Writer({ store, outbox: new Outbox(100, spool), digest, ...options });
  const reserve = (amount = 1, max = 1_000) => {
    const intent = intentOf(scene, claimOf(scene, "spend", amount, { max }));
    return writer.submit({ kind: "reserve", orgId: scene.orgId, intent });
  };
  const states = () => [...store.reservations.values()].map((one) => one.state);
  const breaches = () => breachesOf(store.snapshot(scene.orgId), digest);
  return { store, scene, writer, reserve, spooled, failures, states, breaches };
}

function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

const kinds = (answers: Answer[]) => answers.map((answer) => answer.kind);
const ticketOf = (answer: Answer) => {
  if (answer.kind !== "sent") throw new Error(answer.kind);
  return answer.ticket;
};

test("while one batch commits the next one gathers: many callers, few commits", async () => {
  const { store, reserve } = rig();
  const first = gate();
  store.opens.push(() => first.opened);
  const answers = [reserve()];
  await new Promise(setImmediate);
  for (let n = 0; n < 50; n++) answers.push(reserve());
  first.open();
  expect(new Set(kinds(await Promise.all(answers)))).toEqual(new Set(["sent"]));
  expect(store.batches).toHaveLength(2);
});

test("nobody is answered before the commit", async () => {
  const { store, reserve } = rig();
  const commit = gate();
  store.commits.push(() => commit.opened.then(() => undefined) as Promise<never>);
  let answered = false;
  const answer = reserve().then((value) => {
    answered = true;
    return value;
  });
  for (let n = 0; n < 20; n++) await new Promise(setImmediate);
  expect(answered).toBe(false);
  commit.open();
  expect((await answer).kind).toBe("sent");
});

test("a failed batch answers `unavailable` to all of its callers, and the next one works again", async () => {
  const { store, reserve, failures, breaches } = rig();
  store.opens.push(() => Promise.reject(new Error("gone")));
  expect(kinds(await Promise.all([reserve(), reserve()]))).toEqual(["unavailable", "unavailable"]);
  expect(failures).toHaveLength(1);
  expect((await reserve()).kind).toBe("sent");
  expect(await breaches()).toEqual([]);
});

test("Q5 a commit whose answer was lost is unavailable, and what it reserved is given back", async () => {
  const { store, scene, reserve, writer, spooled, states, breaches } = rig();
  store.commits.push(async (writes) => {
    await MemoryStore.prototype.commit.call(store, writes);
    return { kind: "unknown", cause: new Error("cut") };
  });
  expect((await reserve(7)).kind).toBe("unavailable");
  expect(spooled).toHaveLength(1);
  await writer.drain(1_000);
  expect(states()).toEqual(["void"]);
  expect(store.snapshot(scene.orgId).log.at(-1)?.reason).toBe("never_sent");
  expect(spooled).toHaveLength(0);
  expect((await reserve()).kind).toBe("sent");
  expect(await breaches()).toEqual([]);
});

test("Q5 a lost commit that never happened needs nothing, and frees its organisation", async () => {
  const { store, reserve, writer, states } = rig();
  store.commits.push(async () => ({ kind: "unknown", cause: new Error("cut") }));
  expect((await reserve()).kind).toBe("unavailable");
  await writer.drain(1_000);
  expect(states()).toEqual([]);
  expect((await reserve()).kind).toBe("sent");
});

test("a caller that waits too long is told `unavailable`; what commits after that is given back", async () => {
  const { store, reserve, writer, states, breaches } = rig(30);
  const slow = gate();
  store.opens.push(() => slow.opened);
  expect((await reserve()).kind).toBe("unavailable");
  slow.open();
  await writer.drain(1_000);
  expect(states()).toEqual(["void"]);
  expect(await breaches()).toEqual([]);
});

test("L1 while an outcome cannot be written its organisation is refused, then it is written once", async () => {
  const { store, scene, reserve, writer, spooled, states, breaches } = rig();
  const ticket = ticketOf(await reserve(5));
  store.commits.push(async () => ({ kind: "rolled_back", cause: new Error("disk full") }));
  const retry = gate();
  store.opens.push(
    () => undefined,
    () => retry.opened,
  );
  writer.settle(toSettlement(ticket, outcomeOf("failure")));
  await waitFor(() => spooled.length === 1);
  expect((await reserve()).kind).toBe("unavailable");
  retry.open();
  await writer.drain(1_000);
  expect(states()).toEqual(["void"]);
  expect(store.snapshot(scene.orgId).log.filter((row) => row.kind === "outcome")).toHaveLength(1);
  expect((await reserve()).kind).toBe("sent");
  expect(await breaches()).toEqual([]);
});

test("a store that stays away is not asked by every caller: they are refused at once", async () => {
  const { store, reserve } = rig();
  for (let n = 0; n < 3; n++) store.opens.push(() => Promise.reject(new Error("away")));
  await reserve();
  await reserve();
  const asked = store.batches.length;
  expect(kinds(await Promise.all([reserve(), reserve()]))).toEqual(["unavailable", "unavailable"]);
  expect(store.batches).toHaveLength(asked);
});

test("outcomes wait for company only briefly, and not at all when the ledger drains", async () => {
  const { store, reserve, writer, states } = rig();
  writer.settle(toSettlement(ticketOf(await reserve()), outcomeOf("success")));
  expect(store.batches).toHaveLength(1);
  await writer.drain(1_000);
  expect(states()).toEqual(["posted"]);
  writer.settle(toSettlement(ticketOf(await reserve()), outcomeOf("success")));
  await waitFor(() => states().every((state) => state === "posted"));
});

async function waitFor(condition: () => boolean): Promise<void> {
  const endsAt = performance.now() + 2_000;
  while (!condition()) {
    if (performance.now() > endsAt) throw new Error("it did not happen");
    await new Promise(setImmediate);
  }
}
