import { expect, test } from "vitest";
import { Outbox } from "./outbox";
import { neverSent } from "./settlement";
import type { Settlement } from "./settlement";

function spooled() {
  const lines: Settlement[] = [];
  return {
    lines,
    append: (settlements: readonly Settlement[]) => void lines.push(...settlements),
    clear: () => void (lines.length = 0),
  };
}

test("a failed outcome is spooled and blocks its organisation, and no other, until it is written", () => {
  const spool = spooled();
  const outbox = new Outbox(10, spool);
  const [a, b] = [neverSent("org a", "1"), neverSent("org a", "2")];
  outbox.add(a);
  outbox.add(b);
  outbox.hold(outbox.takeFresh(10));
  expect(spool.lines).toEqual([a, b]);
  expect([outbox.isBlocked("org a"), outbox.isBlocked("org b")]).toEqual([true, false]);
  outbox.release(outbox.nextStuck(1));
  expect(outbox.isBlocked("org a")).toBe(true);
  expect(spool.lines).toHaveLength(2);
  outbox.release(outbox.nextStuck(10));
  expect([outbox.isBlocked("org a"), outbox.hasStuck]).toEqual([false, false]);
  expect(spool.lines).toEqual([]);
});

test("organisations take turns, so that one whose outcomes cannot be written never keeps the others waiting", () => {
  const outbox = new Outbox(10, spooled());
  outbox.hold([neverSent("a", "1"), neverSent("b", "2"), neverSent("a", "3")]);
  const turns = [outbox.nextStuck(10), outbox.nextStuck(10), outbox.nextStuck(10)];
  expect(turns.map((turn) => turn.map((one) => one.orgId).join(""))).toEqual(["aa", "b", "aa"]);
});

test("what an earlier process spooled is held without being spooled again", () => {
  const spool = spooled();
  const outbox = new Outbox(10, spool);
  outbox.hold([neverSent("a", "1")], true);
  expect(outbox.isBlocked("a")).toBe(true);
  expect(spool.lines).toEqual([]);
});

test("the outbox is bounded", () => {
  const outbox = new Outbox(2, spooled());
  expect(["1", "2", "3"].map((id) => outbox.add(neverSent("a", id)))).toEqual([true, true, false]);
});
