import "server-only";
import { createHash, randomUUID } from "node:crypto";
import { pool } from "@/lib/db/db.server";
import { AppError } from "@/lib/kernel/errors";
import { open, seal } from "@/lib/vault/vault.server";

/** How long a key stands for its call. */
const keptHours = 24;
/** A claim without a reservation is one whose process died in between: nothing was sent. */
const lostAfterSeconds = 60;
const answerBytesMax = 262_144;

/** A call that its client named. `callDigest` binds server, tool and arguments. */
export interface NamedCall {
  orgId: string;
  grantId: string;
  key: string;
  callDigest: string;
  decisionId: string;
}

/** The right to make the named call, until it is finished, unknown or given back. */
export interface Claim {
  readonly id: string;
}

export type Claimed =
  | { kind: "claimed"; claim: Claim }
  | { kind: "finished"; answer: string }
  | { kind: "in_progress" | "idempotency_conflict" | "duplicate" | "outcome_unknown" };

const insertSql = `INSERT INTO idempotent_call (grant_id, key_hash, org_id, id, call_digest, decision_id, expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, now() + ${String(keptHours)} * interval '1 hour') ON CONFLICT DO NOTHING`;
const readSql = `SELECT c.id, c.call_digest AS "callDigest", c.state, c.sealed_answer AS "sealedAnswer", r.state AS reservation,
  EXISTS (SELECT 1 FROM decision_log l WHERE l.org_id = c.org_id AND l.decision_id = c.decision_id AND l.kind = 'outcome'
    AND l.reason = 'released_unknown') AS "isReleased",
  c.expires_at <= now() AS "isExpired", c.created_at < now() - ${String(lostAfterSeconds)} * interval '1 second' AS "isOld"
  FROM idempotent_call c LEFT JOIN reservation r ON r.id = c.decision_id
  WHERE c.grant_id = $1 AND c.key_hash = $2`;
const retakeSql = `UPDATE idempotent_call SET id = $3, call_digest = $4, decision_id = $5, state = 'running', sealed_answer = NULL,
  created_at = now(), expires_at = now() + ${String(keptHours)} * interval '1 hour'
  WHERE grant_id = $1 AND key_hash = $2 AND id = $6`;
const finishSql = `UPDATE idempotent_call SET state = $2, sealed_answer = $3 WHERE id = $1 AND state = 'running'`;
const releaseSql = `DELETE FROM idempotent_call WHERE id = $1 AND state = 'running'`;
const pruneSql = `DELETE FROM idempotent_call WHERE expires_at < now()`;

interface Row {
  id: string;
  callDigest: string;
  state: "running" | "finished" | "too_large" | "unknown";
  sealedAnswer: string | null;
  reservation: "held" | "sent" | "posted" | "void" | "in_doubt" | null;
  /** Its unknown outcome was given back to the counters, which does not mean that it did not run. */
  isReleased: boolean;
  isExpired: boolean;
  isOld: boolean;
}

/**
 * Claims a named call before it is reserved: of any number at once, over all replicas, one gets the claim. What became of an earlier
 * one is read from its reservation too, so that a crash leaves no key blocked and no call run twice. Throws `ledger_unavailable`.
 */
export async function claimCall(call: NamedCall): Promise<Claimed> {
  const keyHash = createHash("sha256").update(call.key).digest("base64url");
  for (;;) {
    const id = randomUUID();
    const { orgId, grantId, callDigest, decisionId } = call;
    if ((await change(insertSql, [grantId, keyHash, orgId, id, callDigest, decisionId])) > 0) return claimed(id);
    const row = await find(grantId, keyHash);
    if (!row) continue;
    const known = row.isExpired ? null : judge(row, callDigest);
    if (known) return known;
    if ((await change(retakeSql, [grantId, keyHash, id, callDigest, decisionId, row.id])) > 0) return claimed(id);
  }
}

/** Keeps the answer (`"result":…` or `"error":…` as JSON text) for whoever sends the call again; over 256 KiB only that there was one. */
export async function finishCall({ id }: Claim, answer: string): Promise<void> {
  const isKept = Buffer.byteLength(answer) <= answerBytesMax;
  const sealed = isKept ? seal({ table: "idempotent_call", id, purpose: "stored-answer" }, answer) : null;
  await change(finishSql, [id, isKept ? "finished" : "too_large", sealed]);
  await change(pruneSql, []);
}

/** Notes that it is not known what became of the call: it is not made again under this key. */
export async function loseCall({ id }: Claim): Promise<void> {
  await change(finishSql, [id, "unknown", null]);
}

/** Gives the key back: the call was refused or did not run. */
export async function releaseCall({ id }: Claim): Promise<void> {
  await change(releaseSql, [id]);
}

/** Null = the key is free again. */
function judge(row: Row, callDigest: string): Claimed | null {
  if (row.callDigest !== callDigest) return { kind: "idempotency_conflict" };
  if (row.state === "finished" && row.sealedAnswer !== null) {
    const answer = open({ table: "idempotent_call", id: row.id, purpose: "stored-answer" }, row.sealedAnswer);
    return { kind: "finished", answer };
  }
  if (row.state === "too_large") return { kind: "duplicate" };
  if (row.state === "unknown" || row.isReleased) return { kind: "outcome_unknown" };
  switch (row.reservation) {
    case "void":
      return null;
    case "posted":
      // Its answer is about to be kept, or was lost with its process.
      return { kind: row.isOld ? "duplicate" : "in_progress" };
    case "in_doubt":
      return { kind: "outcome_unknown" };
    case "held":
    case "sent":
      return { kind: "in_progress" };
    case null:
      return row.isOld ? null : { kind: "in_progress" };
  }
}

function claimed(id: string): Claimed {
  return { kind: "claimed", claim: { id } };
}

async function find(grantId: string, keyHash: string): Promise<Row | null> {
  return (await attempt(() => pool().query<Row>(readSql, [grantId, keyHash]))).rows[0] ?? null;
}

async function change(text: string, values: unknown[]): Promise<number> {
  return (await attempt(() => pool().query(text, values))).rowCount ?? 0;
}

async function attempt<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw new AppError("ledger_unavailable", { detail: "idempotency key", cause });
  }
}
