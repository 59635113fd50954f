import { expect, test } from "vitest";
import { enter, isIdInUse, leave, markCancelled, type InFlight } from "./in-flight.server";

const limits = { perGrant: 2, perServer: 3, perProcess: 100, streamsPerGrant: 1, waitMs: 30 };
let next = 0;
const entry = (grantId: string, more: Partial<InFlight> = {}): InFlight => ({
  grantId,
  serverId: "s",
  session: null,
  id: (next += 1),
  isStream: false,
  cancelled: false,
  ...more,
});

test("Q13 a grant and a server have so many places and no more, and a place given back is used again", async () => {
  const all = [entry("a"), entry("a"), entry("b")];
  for (const one of all) expect(await enter(one, limits)).toBe(true);
  expect(await enter(entry("a"), limits)).toBe(false);
  expect(await enter(entry("c"), limits)).toBe(false);
  for (const one of all) leave(one);
  for (const one of all) leave(one);
  const again = [entry("a"), entry("a"), entry("c")];
  for (const one of again) expect(await enter(one, limits)).toBe(true);
  for (const one of again) leave(one);
});

test("those who wait are let in in turn", async () => {
  const busy = [entry("q"), entry("q")];
  for (const one of busy) expect(await enter(one, limits)).toBe(true);
  const order: number[] = [];
  const waiting = [0, 1].map(async (index) => {
    const one = entry("q");
    const isIn = await enter(one, { ...limits, waitMs: 5_000 });
    order.push(index);
    leave(one);
    return isIn;
  });
  leave(busy[0] as InFlight);
  expect(await Promise.all(waiting)).toEqual([true, true]);
  expect(order).toEqual([0, 1]);
  leave(busy[1] as InFlight);
});

test("Q13 a place goes to the grant that has the fewest, however many others wait before it", async () => {
  const wide = { ...limits, perGrant: 3, perServer: 4, waitMs: 5_000 };
  const noisy = () => entry("noisy", { serverId: "n" });
  const quiet = () => entry("quiet", { serverId: "n" });
  const held = [noisy(), noisy(), noisy(), quiet()];
  for (const one of held) expect(await enter(one, wide)).toBe(true);
  const order: string[] = [];
  const wait = async (one: InFlight) => {
    expect(await enter(one, wide)).toBe(true);
    order.push(one.grantId);
    return one;
  };
  const waiting = [...Array.from({ length: 5 }, noisy), quiet(), quiet()].map(wait);
  for (const one of held.slice(0, 3)) leave(one);
  await expect.poll(() => order.length).toBe(3);
  expect(order.slice(0, 2)).toEqual(["quiet", "noisy"]);
  leave(held[3] as InFlight);
  for (const one of waiting) leave(await one);
  expect(order).toHaveLength(7);
});

test("Q13 a noisy grant cannot fill the room where requests wait", async () => {
  const short = { ...limits, perGrant: 1, waitMs: 5_000 };
  const first = entry("crowd", { serverId: "c" });
  expect(await enter(first, short)).toBe(true);
  const hasty = { ...short, waitMs: 300 };
  const crowd = Array.from({ length: 200 }, () => enter(entry("crowd", { serverId: "c" }), hasty));
  expect(crowd.filter((place) => place === false)).toHaveLength(200 - 128);
  const other = [entry("calm", { serverId: "c" }), entry("calm", { serverId: "c" })];
  expect(await enter(other[0] as InFlight, short)).toBe(true);
  const waits = enter(other[1] as InFlight, short);
  expect(waits).toBeInstanceOf(Promise);
  leave(other[0] as InFlight);
  expect(await waits).toBe(true);
  leave(other[1] as InFlight);
  expect((await Promise.all(crowd.map(async (place) => place))).every((place) => !place)).toBe(true);
  leave(first);
});

test("listening streams are counted apart and do not wait", async () => {
  const stream = entry("l", { isStream: true, serverId: "t" });
  expect(await enter(stream, limits)).toBe(true);
  expect(await enter(entry("l", { isStream: true, serverId: "t" }), limits)).toBe(false);
  const call = entry("l", { serverId: "t" });
  expect(await enter(call, limits)).toBe(true);
  leave(stream);
  leave(call);
});

test("P10 an id is in use in its own session at its own server only, and a cancel marks that call only", async () => {
  const [one, other] = [
    entry("i", { session: "x", id: 7, serverId: "u" }),
    entry("i", { session: "y", id: 7, serverId: "u" }),
  ];
  await enter(one, limits);
  await enter(other, limits);
  const place = { grantId: "i", serverId: "u", session: "x" };
  expect(isIdInUse(place, 7)).toBe(true);
  expect(isIdInUse(place, "7")).toBe(false);
  for (const elsewhere of [{ session: "z" }, { grantId: "j" }, { serverId: "v" }]) {
    expect(isIdInUse({ ...place, ...elsewhere }, 7)).toBe(false);
    markCancelled({ ...place, ...elsewhere }, 7);
  }
  expect(one.cancelled).toBe(false);
  markCancelled(place, 7);
  expect([one.cancelled, other.cancelled]).toEqual([true, false]);
  leave(one);
  leave(other);
});
