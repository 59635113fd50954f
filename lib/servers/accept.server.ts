import "server-only";
import { appendAudit } from "@/lib/audit/audit.server";
import { publishChange, transaction, type Tx } from "@/lib/db/db.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { isUuid } from "@/lib/kernel/ids";
import { isDangerous, neighboursOf } from "./definition-flags";
import { listForeignTools } from "./foreign-tools.server";
import { dropUpstream } from "./lookup.server";
import { flagsOf, type ReviewRow } from "./review.server";
import type { ToolDecision } from "./review-schema";

/** How many definitions a decision took effect on. */
export interface DecisionResult {
  decided: number;
}

/**
 * Accepts the definitions of one or several tools as last seen, or leaves them quarantined for good. Gateways go by it from the
 * next call on. Throws `conflict` when one of them changed after the person saw it, `definition_blocked` for one that breaks a
 * bound, `invalid_input` when a flagged one is accepted among others or without a reason, `not_found` for another organisation's
 * server as for a tool that is gone. All or nothing.
 */
export async function decideTools(ctx: Ctx, id: string, input: ToolDecision): Promise<DecisionResult> {
  requirePermission(ctx, "policy.write");
  if (!isUuid(id) || input.tools.some(({ name }) => name.includes("\0"))) throw notFound("server");
  await transaction(async (tx) => {
    await raiseVersion(tx, ctx, id);
    const rows = await readSeen(tx, ctx, id, input);
    if (input.decision === "accept") {
      await requireAcceptable(tx, ctx, id, rows, input.reason);
      await accept(tx, ctx, id, rows);
    } else await reject(tx, ctx, id, rows);
    await appendAudit(tx, ctx, {
      action: input.decision === "accept" ? "server.tool.accept" : "server.tool.reject",
      object: `server:${id}`,
      before: toRecord(rows, (row) => row.acceptedDigest),
      after: toRecord(rows, (row) => (input.decision === "accept" ? row.digest : row.acceptedDigest)),
      reason: input.reason,
    });
    await publishChange(tx, { topic: "servers", orgId: ctx.orgId, id });
  });
  dropUpstream(id);
  return { decided: input.tools.length };
}

async function raiseVersion(tx: Tx, ctx: Ctx, id: string): Promise<void> {
  const { count } = await tx.server.updateMany({
    where: { id, orgId: ctx.orgId },
    data: { updatedAt: ctx.now, version: { increment: 1 } },
  });
  if (count === 0) throw notFound("server");
}

/** The rows as the person saw them. The server's row is locked, so that no scan changes them meanwhile. */
async function readSeen(tx: Tx, ctx: Ctx, serverId: string, { tools }: ToolDecision): Promise<ReviewRow[]> {
  const names = tools.map(({ name }) => name);
  const rows = await tx.serverTool.findMany({
    where: { serverId, orgId: ctx.orgId, goneAt: null, name: { in: names } },
  });
  const known = new Map(rows.map((row) => [row.name, row]));
  return tools.map(({ name, digest }) => {
    const row = known.get(name);
    if (!row) throw notFound("tool");
    if (row.digest !== digest) throw new AppError("conflict", { detail: "the definition changed again" });
    return row;
  });
}

async function requireAcceptable(
  tx: Tx,
  ctx: Ctx,
  id: string,
  rows: readonly ReviewRow[],
  reason: string,
): Promise<void> {
  if (rows.some((row) => row.blockedBy !== null)) throw new AppError("definition_blocked");
  const foreign = await listForeignTools(tx, ctx, id);
  const listed = await tx.serverTool.findMany({
    where: { serverId: id, orgId: ctx.orgId, goneAt: null },
    select: { name: true },
  });
  const neighbours = neighboursOf(
    listed.map(({ name }) => name),
    foreign,
  );
  const flagged = rows.filter((row) => isDangerous(flagsOf(row, neighbours)));
  if (flagged.length === 0) return;
  if (rows.length > 1) {
    const message = "A flagged definition is accepted by itself only";
    const at = rows.findIndex((row) => flagged.includes(row));
    throw new AppError("invalid_input", { issues: [{ path: `tools.${String(at)}`, message }] });
  }
  if (reason === "") throw new AppError("invalid_input", { issues: [{ path: "reason", message: "Say why" }] });
}

async function accept(tx: Tx, ctx: Ctx, id: string, rows: readonly ReviewRow[]): Promise<void> {
  await tx.$executeRaw`
    UPDATE server_tool SET accepted_definition = definition, accepted_digest = digest, accepted_at = ${ctx.now},
      accepted_by_id = ${ctx.actor.kind === "user" ? ctx.actor.userId : null}::uuid, rejected_digest = NULL
    WHERE server_id = ${id}::uuid AND org_id = ${ctx.orgId}::uuid AND name = ANY(${rows.map(({ name }) => name)})`;
}

async function reject(tx: Tx, ctx: Ctx, id: string, rows: readonly ReviewRow[]): Promise<void> {
  await tx.$executeRaw`
    UPDATE server_tool SET rejected_digest = digest
    WHERE server_id = ${id}::uuid AND org_id = ${ctx.orgId}::uuid AND name = ANY(${rows.map(({ name }) => name)})`;
}

function toRecord(rows: readonly ReviewRow[], digestOf: (row: ReviewRow) => string | null) {
  return { tools: rows.map((row) => ({ tool: row.name, digest: digestOf(row) })) };
}

function notFound(detail: string): AppError {
  return new AppError("not_found", { detail });
}
