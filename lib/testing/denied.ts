import { expect } from "vitest";
import { pool, prisma } from "@/lib/db/db.server";
import { ledger } from "@/lib/ledger/ledger.server";
import type { GatewayStack, StackGrant } from "./gateway-stack";
import type { Received, ScriptedUpstream } from "./scripted-upstream";

/** Where a refusal is watched: the gateway, the upstream behind it, and the grant that asks. */
export interface Watched {
  stack: GatewayStack;
  upstream: ScriptedUpstream;
  grant: StackGrant;
}

export interface Refusal {
  rule: string;
  reason: string;
  /** `deny` when left out. */
  decision?: "deny" | "rate_limited";
}

/**
 * Runs `act` and proves that it was denied: the upstream saw nothing of it, no counter and no reservation of the organisation
 * changed (invariant I5), and the grant's log has exactly one row more, with this rule and reason. Gives what `act` gave. Rows of one
 * grant are merged after twenty in a minute: take a grant of its own for each case.
 */
export async function expectDenied<T>(watched: Watched, refusal: Refusal, act: () => Promise<T>): Promise<T> {
  const { stack, upstream } = watched;
  const before = { counts: await countsOf(stack), seq: await lastSeq(stack), seen: ofClients(upstream).length };
  const executed = upstream.executed.length;
  const result = await act();
  expect(ofClients(upstream).slice(before.seen)).toEqual([]);
  expect(upstream.executed.length).toBe(executed);
  expect(await rowsAfter(watched, before.seq)).toMatchObject([
    { kind: "decision", decision: "deny", outcome: null, ...refusal },
  ]);
  expect(await countsOf(stack)).toEqual(before.counts);
  return result;
}

async function lastSeq({ orgId }: GatewayStack): Promise<bigint> {
  const { _max } = await prisma().decisionLog.aggregate({ where: { orgId }, _max: { seq: true } });
  return _max.seq ?? 0n;
}

/** Rows of the grant's own decisions behind `seq`, after everything queued was written. */
async function rowsAfter({ stack: { orgId }, grant: { grantId } }: Watched, seq: bigint) {
  await ledger().drain();
  const rows = await prisma().decisionLog.findMany({ where: { orgId, seq: { gt: seq } }, orderBy: { seq: "asc" } });
  return rows.filter((row) => row.grantId === grantId);
}

/** What clients caused at the upstream; the gateway's own scans of the catalogue name themselves without a version. */
export function ofClients({ received }: ScriptedUpstream): Received[] {
  return received.filter(({ headers }) => headers["user-agent"] !== "policylayer");
}

/** Every counter and every reservation of the organisation, as text that changes when one of them does. */
async function countsOf({ orgId }: GatewayStack): Promise<unknown[]> {
  await ledger().drain();
  const found = await pool().query<Record<string, string>>(
    `SELECT key, window_start::text, used::text FROM counter WHERE org_id = $1
     UNION ALL SELECT id::text, state::text, created_at::text FROM reservation WHERE org_id = $1 ORDER BY 1, 2`,
    [orgId],
  );
  return found.rows;
}
