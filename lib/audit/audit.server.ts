import "server-only";
import { createHash } from "node:crypto";
import { pool, type Tx } from "@/lib/db/db.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { isUuid } from "@/lib/kernel/ids";
import { auditChain, toAuditText, type AuditEntry } from "./audit-record";
import {
  emptyChain,
  genesisHash,
  nextLink,
  verifyChain,
  type ChainHead,
  type ChainRecord,
  type ChainReport,
} from "./chain";
import type { Digest } from "./chain";
import { toDecisionDetail, toDecisionRow, toListQuery, toOneQuery, type DecisionResult } from "./decision-query";
import { decisionChain } from "./decision-record";
import type { DecisionDetail, LogFilter, LogPage } from "./schema";
import { actAgreesWithText, agreesWithText, type StoredAct, type StoredDecision } from "./stored-chain";

export type { AuditEntry } from "./audit-record";

const digest: Digest = (bytes) => createHash("sha256").update(bytes).digest();

/**
 * Adds a state-changing act to the organisation's audit chain, inside the caller's transaction: both happen or neither. Writers of one
 * organisation wait for each other from here to their commit, so call it last. Throws what the database throws.
 */
export async function appendAudit(tx: Tx, ctx: Ctx, entry: AuditEntry): Promise<void> {
  const { orgId } = ctx;
  await tx.$executeRaw`
    INSERT INTO chain_head (org_id, chain, seq, hash) VALUES (${orgId}::uuid, ${auditChain}, 0, ${genesisHash}) ON CONFLICT DO NOTHING`;
  const [row] = await tx.$queryRaw<{ seq: bigint; hash: string; now_ms: bigint }[]>`
    SELECT h.seq, h.hash, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms
    FROM (SELECT seq, hash FROM chain_head WHERE org_id = ${orgId}::uuid AND chain = ${auditChain} FOR UPDATE) h`;
  if (!row) throw new AppError("internal", { detail: "the audit chain has no head" });
  const at = new Date(Number(row.now_ms));
  const text = toAuditText({ orgId, seq: row.seq + 1n, at: at.toISOString() }, ctx, entry);
  const { seq, record, prevHash, hash } = nextLink(digest, row, text);
  const actorId = ctx.actor.kind === "user" ? ctx.actor.userId : null;
  const { action, object } = entry;
  await tx.adminAudit.create({ data: { orgId, seq, at, actorId, action, object, record, prevHash, hash } });
  await tx.chainHead.update({ where: { orgId_chain: { orgId, chain: auditChain } }, data: { seq, hash } });
}

/** A page of the organisation's decisions, newest first, each with its newest outcome. Throws `forbidden`. */
export async function listDecisions(ctx: Ctx, filter: LogFilter): Promise<LogPage> {
  requirePermission(ctx, "read");
  const { rows } = await pool().query<DecisionResult>(toListQuery(ctx.orgId, filter));
  const page = rows.slice(0, filter.limit).map(toDecisionRow);
  return { rows: page, next: rows.length > filter.limit ? (page.at(-1)?.seq ?? null) : null };
}

/** One decision with its chained records. Throws `forbidden`, and `not_found` also for another organisation's. */
export async function getDecision(ctx: Ctx, decisionId: string): Promise<DecisionDetail> {
  requirePermission(ctx, "read");
  const { rows } = isUuid(decisionId)
    ? await pool().query<DecisionResult>(toOneQuery(ctx.orgId, decisionId))
    : { rows: [] };
  const [row] = rows;
  if (!row) throw new AppError("not_found", { detail: "decision" });
  const records = await pool().query<DecisionDetail["records"][number]>(RECORDS, [ctx.orgId, decisionId]);
  return toDecisionDetail(row, records.rows);
}

const RECORDS = `
SELECT seq, hash, prev_hash AS "prevHash", record FROM decision_log
WHERE org_id = $1::uuid AND decision_id = $2::uuid ORDER BY seq`;

/**
 * Reads the organisation's decision log from its first record to its present head and names the first broken record, if any: a changed,
 * missing, added or moved row, or a column that disagrees with the hashed text. Streams; throws `forbidden`.
 */
export async function verifyDecisions(ctx: Ctx): Promise<ChainReport> {
  requirePermission(ctx, "read");
  const head = await findHead(ctx, decisionChain);
  const rows = streamRows<StoredDecision>(ctx, DECISIONS, head);
  return verifyChain(rows, { digest, head: head ?? emptyChain, agrees: agreesWithText });
}

/** The same for the audit log. Throws `forbidden`. */
export async function verifyAudit(ctx: Ctx): Promise<ChainReport> {
  requirePermission(ctx, "audit.read");
  const head = await findHead(ctx, auditChain);
  const rows = streamRows<StoredAct>(ctx, AUDITS, head);
  return verifyChain(rows, { digest, head: head ?? emptyChain, agrees: actAgreesWithText });
}

async function findHead(ctx: Ctx, chain: string): Promise<ChainHead | null> {
  const { rows } = await pool().query<{ seq: string; hash: string }>(
    "SELECT seq, hash FROM chain_head WHERE org_id = $1::uuid AND chain = $2",
    [ctx.orgId, chain],
  );
  const [row] = rows;
  return row ? { seq: BigInt(row.seq), hash: row.hash } : null;
}

const pageSize = 2_000;
const TAIL = "WHERE org_id = $1::uuid AND seq > $2::bigint AND seq <= $3::bigint ORDER BY seq LIMIT $4::int";
const AUDITS = `SELECT seq, record, prev_hash AS "prevHash", hash, org_id AS "orgId", actor_id AS "actorId", action, object FROM admin_audit ${TAIL}`;
const DECISIONS = `
SELECT seq, record, prev_hash AS "prevHash", hash, org_id AS "orgId", kind, decision_id AS "decisionId",
  to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, grant_id AS "grantId", server_id AS "serverId",
  policy_id AS "policyId", policy_version AS "policyVersion", method, tool, decision, rule, reason, outcome, shadow
FROM decision_log ${TAIL}`;

const int8Max = 2n ** 63n - 1n;

/** Rows up to the head as it was at the start, so that a log in use verifies; without a head, all that there is. */
async function* streamRows<R extends ChainRecord>(ctx: Ctx, text: string, head: ChainHead | null): AsyncGenerator<R> {
  let last = -int8Max;
  for (;;) {
    const values = [ctx.orgId, String(last), String(head?.seq ?? int8Max), pageSize];
    const { rows } = await pool().query<Omit<R, "seq"> & { seq: string }>(text, values);
    for (const row of rows) {
      last = BigInt(row.seq);
      yield { ...row, seq: last } as R;
    }
    if (rows.length < pageSize) return;
  }
}
