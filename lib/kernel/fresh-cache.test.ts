import { expect, test } from "vitest";
import { FreshCache } from "./fresh-cache";

function rig(max = 10) {
  const store = new Map<string, number>();
  const seen = { loads: 0, checks: 0 };
  let nowMs = 0;
  let broken = false;
  const fail = () => {
    if (broken) throw new Error("store away");
  };
  const cache = new FreshCache<number>({
    max,
    maxAgeMs: 1000,
    clock: () => nowMs,
    load: async (key) => {
      seen.loads += 1;
      fail();
      return store.get(key) ?? null;
    },
    isCurrent: async (key, value) => {
      seen.checks += 1;
      fail();
      return store.get(key) === value;
    },
  });
  return {
    cache,
    store,
    seen,
    pass: (ms: number) => (nowMs += ms),
    lose: () => (broken = true),
  };
}

test("a young answer costs no question, an old one is asked for again", async () => {
  const { cache, store, seen, pass } = rig();
  store.set("a", 1);
  expect(await cache.find("a")).toBe(1);
  pass(999);
  expect(await cache.find("a")).toBe(1);
  expect(seen).toEqual({ loads: 1, checks: 0 });
  pass(1);
  store.set("a", 2);
  expect(await cache.find("a")).toBe(2);
  expect(seen).toEqual({ loads: 2, checks: 1 });
});

test("a lost store rejects instead of answering from memory once the answer is old", async () => {
  const { cache, store, pass, lose } = rig();
  store.set("a", 1);
  await cache.find("a");
  lose();
  pass(1000);
  await expect(cache.find("a")).rejects.toThrow("store away");
  await expect(cache.find("a")).rejects.toThrow("store away");
});

test("many callers share one load, and an absent key is asked for each time", async () => {
  const { cache, store, seen } = rig();
  store.set("a", 1);
  await Promise.all([cache.find("a"), cache.find("a"), cache.find("a")]);
  expect(seen.loads).toBe(1);
  expect(await cache.find("none")).toBeNull();
  expect(await cache.find("none")).toBeNull();
  expect(seen.loads).toBe(3);
});

test("a load that was running when its key was dropped is not kept", async () => {
  const { cache, store, seen } = rig();
  store.set("a", 1);
  const running = cache.find("a");
  store.set("a", 2);
  cache.drop("a");
  await running;
  expect(await cache.find("a")).toBe(2);
  expect(seen.loads).toBe(2);
});

test("dropWhere forgets by value and the bound forgets the entry checked longest ago", async () => {
  const { cache, store, seen } = rig(2);
  for (const [index, key] of ["a", "b", "c"].entries()) store.set(key, index);
  for (const key of ["a", "b", "c"]) await cache.find(key);
  await cache.find("b");
  expect(seen.loads).toBe(3);
  await cache.find("a");
  expect(seen.loads).toBe(4);
  cache.dropWhere((value) => value === 0);
  await cache.find("a");
  expect(seen.loads).toBe(5);
});
