import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { emptyChain, nextLink } from "@/lib/audit/chain";
import type { ChainHead } from "@/lib/audit/chain";
import { decimalOf } from "@/lib/kernel/decimal";
import { breachesOf, countersHold, outcomesAreSingle } from "./invariants";
import type { LedgerSnapshot } from "./invariants";

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const place = { key: "k", startMs: 0 };

/** One posted call of 5 and one that is still sent with 3, in a counter of 8 with a cap of 10. */
function sound(): LedgerSnapshot {
  const rows = [
    { kind: "decision", decisionId: "a", decision: "allow", reason: "allowed", outcome: null },
    { kind: "decision", decisionId: "b", decision: "allow", reason: "allowed", outcome: null },
    { kind: "decision", decisionId: "c", decision: "allow", reason: "relayed", outcome: null },
    { kind: "outcome", decisionId: "a", decision: null, reason: null, outcome: "posted" },
  ];
  let head: ChainHead = emptyChain;
  const log = rows.map((row, index) => {
    const link = nextLink(digest, head, `record ${String(index)}`);
    head = { seq: link.seq, hash: link.hash };
    return { ...row, ...link };
  });
  return {
    counters: [{ ...place, used: decimalOf(8), max: decimalOf(10) }],
    reservations: [
      { decisionId: "a", state: "posted", lines: [{ ...place, amount: decimalOf(5) }] },
      { decisionId: "b", state: "sent", lines: [{ ...place, amount: decimalOf(3) }] },
    ],
    log,
    head,
  };
}

test("a sound ledger breaks nothing", async () => {
  expect(await breachesOf(sound(), digest)).toEqual([]);
});

test.each<[string, string, (good: LedgerSnapshot) => Partial<LedgerSnapshot>]>([
  [
    "a counter that says less",
    "I2",
    (good) => ({ counters: good.counters.map((one) => ({ ...one, used: decimalOf(7) })) }),
  ],
  [
    "a counter over its cap",
    "I2",
    (good) => ({ counters: good.counters.map((one) => ({ ...one, max: decimalOf(7) })) }),
  ],
  ["a counter that is lost", "I2", () => ({ counters: [] })],
  [
    "a voided call that still counts",
    "I2",
    (good) => ({ reservations: good.reservations.map((one) => ({ ...one, state: "void" })) }),
  ],
  [
    "an end without its record",
    "I3",
    (good) => ({ reservations: good.reservations.map((one) => ({ ...one, state: "posted" })) }),
  ],
  ["two records for one end", "I3", (good) => ({ log: [...good.log, ...good.log.slice(-1)] })],
  [
    "a record that names another end",
    "I3",
    (good) => ({ log: good.log.map((row) => ({ ...row, outcome: row.outcome && "void" })) }),
  ],
  ["a call without its record", "I4", (good) => ({ log: good.log.slice(1) })],
  ["a record without its call", "I4", (good) => ({ reservations: good.reservations.slice(0, 1) })],
  ["a changed record", "I9", (good) => ({ log: good.log.map((row) => ({ ...row, record: "x" })) })],
  ["a cut log", "I9", (good) => ({ log: good.log.slice(0, 3) })],
])("%s is named (%s)", async (_, id, change) => {
  const good = sound();
  const breaches = await breachesOf({ ...good, ...change(good) }, digest);
  expect(breaches.some((breach) => breach.startsWith(id))).toBe(true);
});

test("in doubt counts, and a cap may be told from outside", () => {
  const good = sound();
  const doubted = { ...good, reservations: good.reservations.map((one) => ({ ...one, state: "in_doubt" })) };
  expect(countersHold(doubted)).toEqual([]);
  expect(countersHold(good, () => decimalOf(7))).toHaveLength(1);
  expect(outcomesAreSingle(doubted)).not.toEqual([]);
});
