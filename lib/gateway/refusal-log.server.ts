import "server-only";
import { randomUUID } from "node:crypto";
import type { DecisionId } from "@/lib/kernel/ids";
import { singleton } from "@/lib/kernel/singleton";
import { ledger } from "@/lib/ledger/ledger.server";
import type { DecisionFacts } from "@/lib/ledger/types";

/** Rows a grant may cause per minute by requests that never become a call; the rest is one row with a count. */
const rowsPerMinute = 20;
const minuteMs = 60_000;
const grantsMax = 10_000;

interface Tally {
  rows: number;
  merged: number;
  last: DecisionFacts & { rule: string };
}

interface Tallies {
  byGrant: Map<string, Tally>;
  timer: NodeJS.Timeout | null;
}

const tallies = singleton<Tallies>("gateway-refusals", () => ({ byGrant: new Map(), timer: null }));

/**
 * Records that a request of a known grant was refused before it became a call. Waits until the row is durable, but the answer is
 * a refusal either way, so a log that cannot be written changes nothing here.
 */
export async function recordRefusal(facts: DecisionFacts, rule: string, reason: string): Promise<void> {
  const tally = tallyOf(facts, rule);
  if (tally && tally.rows >= rowsPerMinute) {
    tally.merged += 1;
    tally.last = { ...facts, rule };
    return;
  }
  if (tally) tally.rows += 1;
  await ledger().record({ ...facts, decision: "deny", rule, reason });
}

function tallyOf(facts: DecisionFacts, rule: string): Tally | null {
  const found = tallies.byGrant.get(facts.grantId);
  if (found) return found;
  if (tallies.byGrant.size >= grantsMax) return null;
  const tally: Tally = { rows: 0, merged: 0, last: { ...facts, rule } };
  tallies.byGrant.set(facts.grantId, tally);
  tallies.timer ??= setTimeout(() => void flushRefusals(), minuteMs).unref();
  return tally;
}

/** Writes one row per grant for what was merged in the minute that ends; also used on stop. */
export async function flushRefusals(): Promise<void> {
  if (tallies.timer) clearTimeout(tallies.timer);
  tallies.timer = null;
  const merged = [...tallies.byGrant.values()].filter((tally) => tally.merged > 0);
  tallies.byGrant.clear();
  await Promise.all(
    merged.map(({ last, merged: count }) =>
      ledger().record({
        ...last,
        decisionId: randomUUID() as DecisionId,
        decision: "deny",
        reason: `merged ${String(count)}`,
      }),
    ),
  );
}
