import "server-only";
import { setImmediate as turn } from "node:timers/promises";
import { pool, prisma } from "@/lib/db/db.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { isUuid } from "@/lib/kernel/ids";
import { classifyTool } from "./classify";
import { diffDefinitions } from "./definition-diff";
import { blockFlag, findFlags, neighboursOf, type Flag, type Neighbours } from "./definition-flags";
import { layOut } from "./definition-text";
import { listForeignTools } from "./foreign-tools.server";
import type { ReviewCount, ReviewDto, ToolReviewDto } from "./review-schema";
import { diffLines } from "./text-diff";
import { withOverrides, type ToolOverrides } from "./tool-class";
import { readToolShape } from "./tool-shape";
import { toolState, type DriftMode } from "./tool-state";
import type { BlockCode } from "./definition-bounds";

/** Tools that one review shows at most; the rest comes when these are decided. */
const shownMax = 200;

/** What is stored of a tool that is looked at. */
export interface ReviewRow extends ToolOverrides {
  name: string;
  definition: string;
  digest: string;
  acceptedDefinition: string | null;
  acceptedDigest: string | null;
  rejectedDigest: string | null;
  blockedBy: string | null;
  goneAt: Date | null;
  firstSeenAt: Date;
  changedAt: Date | null;
}

/**
 * The tools of a server whose definition nobody accepted, changed ones first, with what changed in meaning and what is suspicious;
 * at most 200. Throws `not_found` for another organisation's server.
 */
export async function getReview(ctx: Ctx, id: string): Promise<ReviewDto> {
  requirePermission(ctx, "read");
  const where = { id, orgId: ctx.orgId };
  const server = isUuid(id) ? await prisma().server.findFirst({ where, select: { drift: true } }) : null;
  if (!server) throw new AppError("not_found", { detail: "server" });
  const rows = await prisma().serverTool.findMany({
    where: { serverId: id, orgId: ctx.orgId, goneAt: null },
    orderBy: { name: "asc" },
    take: 10_000,
  });
  const waiting = rows
    .filter((row) => isWaiting(row))
    .sort(byState)
    .slice(0, shownMax);
  const foreign = waiting.length === 0 ? [] : await listForeignTools(prisma(), ctx, id);
  const neighbours = neighboursOf(
    rows.map(({ name }) => name),
    foreign,
  );
  const tools: ToolReviewDto[] = [];
  for (const row of waiting) {
    await turn();
    tools.push(toReview(row, neighbours));
  }
  return { tools, drift: server.drift as DriftMode };
}

/** Tools that wait for a decision, per server of the organisation; servers without any are left out. */
export async function countReviews(ctx: Ctx): Promise<ReadonlyMap<string, ReviewCount>> {
  requirePermission(ctx, "read");
  const found = await pool().query<ReviewCount & { id: string }>({
    name: "server-review-counts",
    text: `SELECT t.server_id AS id, count(*) FILTER (WHERE t.accepted_digest IS NOT NULL)::int AS changed,
        count(*) FILTER (WHERE t.accepted_digest IS NULL)::int AS "new"
      FROM server_tool t JOIN server s ON s.id = t.server_id
      WHERE t.org_id = $1 AND t.gone_at IS NULL AND (s.drift <> 'off' OR t.blocked_by IS NOT NULL)
        AND (t.accepted_digest IS DISTINCT FROM t.digest OR t.blocked_by IS NOT NULL)
        AND t.rejected_digest IS DISTINCT FROM t.digest
      GROUP BY t.server_id`,
    values: [ctx.orgId],
  });
  return new Map(found.rows.map(({ id, ...count }) => [id, count]));
}

/** The flags of a stored definition; one that was too large to keep has the flag of its bound. */
export function flagsOf(row: Pick<ReviewRow, "definition" | "blockedBy">, neighbours: Neighbours): Flag[] {
  const flags = findFlags(row.definition, neighbours);
  const code = row.blockedBy as BlockCode | null;
  return code === null || flags.some((flag) => flag.code === code) ? flags : [blockFlag(code, "", ""), ...flags];
}

function isWaiting(row: ReviewRow): boolean {
  const state = stateOf(row);
  return state === "changed" || state === "new";
}

function stateOf({ goneAt, ...row }: ReviewRow) {
  return toolState({ ...row, isGone: goneAt !== null });
}

function byState(a: ReviewRow, b: ReviewRow): number {
  const rank = (row: ReviewRow) => (row.rejectedDigest === row.digest ? 2 : 0) + (stateOf(row) === "changed" ? 0 : 1);
  return rank(a) - rank(b);
}

function toReview(row: ReviewRow, neighbours: Neighbours): ToolReviewDto {
  const { name, definition, digest, acceptedDefinition, blockedBy, rejectedDigest } = row;
  const shape = readToolShape(name, definition);
  const { category, risk } = withOverrides(classifyTool(shape), row);
  return {
    name,
    state: acceptedDefinition === null ? "new" : "changed",
    digest,
    since: (row.changedAt ?? row.firstSeenAt).toISOString(),
    isRejected: rejectedDigest === digest,
    isBlocked: blockedBy !== null,
    changes: acceptedDefinition === null ? [] : diffDefinitions(acceptedDefinition, definition),
    flags: flagsOf(row, neighbours),
    lines: diffLines(acceptedDefinition === null ? "" : layOut(acceptedDefinition), layOut(definition)),
    description: shape.description,
    category,
    risk,
  };
}
