import { expect, test } from "vitest";
import { Breaker, type BreakerNews } from "./breaker";

/** Sends requests one after another, each with its news; false where the breaker kept one back. */
function send(breaker: Breaker, atMs: number, ...news: BreakerNews[]): boolean[] {
  return news.map((item) => {
    const admitted = breaker.admit(atMs);
    if (admitted.ok) breaker.hear(admitted.pass, item, atMs);
    return admitted.ok;
  });
}

const five: BreakerNews[] = ["failed", "failed", "failed", "failed", "failed"];

test("U9 five failures in a row open it for 30 s", () => {
  const breaker = new Breaker();
  expect(send(breaker, 1_000, ...five, "finished")).toEqual([true, true, true, true, true, false]);
  expect(breaker.admit(1_000)).toEqual({ ok: false, retryAfterMs: 30_000 });
  expect(breaker.admit(30_999)).toEqual({ ok: false, retryAfterMs: 1 });
  expect(breaker.state(11_000)).toEqual({ name: "open", retryAfterMs: 20_000 });
  expect(breaker.admit(31_000).ok).toBe(true);
});

test("U9 a whole answer between failures begins the count anew; a head alone, or a client that left, does not", () => {
  const breaker = new Breaker();
  send(breaker, 0, ...five.slice(1), "finished", ...five.slice(1));
  expect(breaker.state(0).name).toBe("closed");
  send(breaker, 0, "answered", "abandoned", "failed");
  expect(breaker.state(0).name).toBe("open");
});

test("U9 half open: one probe, the others wait; its failure opens it again, its success closes it", () => {
  const breaker = new Breaker();
  send(breaker, 0, ...five);
  const probe = breaker.admit(30_000);
  expect(probe.ok).toBe(true);
  expect(breaker.admit(30_001)).toEqual({ ok: false, retryAfterMs: 1_000 });
  expect(breaker.state(30_001)).toEqual({ name: "half_open", retryAfterMs: 1_000 });
  if (probe.ok) breaker.hear(probe.pass, "failed", 31_000);
  expect(breaker.admit(60_999)).toEqual({ ok: false, retryAfterMs: 1 });
  expect(send(breaker, 61_000, "finished", "failed")).toEqual([true, true]);
  expect(breaker.state(61_000)).toEqual({ name: "closed", retryAfterMs: 0 });
});

test("U9 a probe whose head arrives closes it, but the next failure opens it again", () => {
  const breaker = new Breaker();
  send(breaker, 0, ...five);
  send(breaker, 30_000, "answered");
  expect(breaker.state(30_000).name).toBe("closed");
  send(breaker, 30_001, "failed");
  expect(breaker.state(30_001).name).toBe("open");
});

test("U9 a probe that its client gave up lets the next one go at once; one never heard of lets one go after 30 s", () => {
  const breaker = new Breaker();
  send(breaker, 0, ...five);
  expect(send(breaker, 30_000, "abandoned", "abandoned")).toEqual([true, true]);
  expect(breaker.admit(30_000).ok).toBe(true);
  expect(breaker.admit(59_999).ok).toBe(false);
  expect(breaker.admit(60_000).ok).toBe(true);
});

test("U9 what earlier requests bring while it is open changes nothing", () => {
  const breaker = new Breaker();
  const slow = breaker.admit(0);
  send(breaker, 0, ...five);
  if (slow.ok) breaker.hear(slow.pass, "finished", 1);
  if (slow.ok) breaker.hear(slow.pass, "failed", 20_000);
  expect(breaker.admit(20_000)).toEqual({ ok: false, retryAfterMs: 10_000 });
});
