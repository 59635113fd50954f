import "server-only";
import { pool, prisma } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { isUuid } from "@/lib/kernel/ids";
import type { PolicyDto, PolicyListItem } from "./schema";

const dayMs = 86_400_000;
const denialsSql = `SELECT policy_id AS id, count(*)::int AS count FROM decision_log
  WHERE org_id = $1 AND kind = 'decision' AND at > $2 AND decision IN ('deny', 'rate_limited') AND policy_id IS NOT NULL
  GROUP BY policy_id`;

/** Rows of the policy list; authority is checked by the caller. */
export async function readPolicies(ctx: Ctx): Promise<PolicyListItem[]> {
  const rows = await prisma().policy.findMany({
    where: { orgId: ctx.orgId },
    include: {
      versions: { orderBy: { version: "desc" }, take: 1, select: { authorId: true } },
      _count: { select: { grants: { where: { revokedAt: null } } } },
    },
    orderBy: { name: "asc" },
    take: 1000,
  });
  const since = new Date(ctx.now.getTime() - dayMs);
  const denials = await pool().query<{ id: string; count: number }>(denialsSql, [ctx.orgId, since]);
  const denied = new Map(denials.rows.map((row) => [row.id, row.count]));
  const names = await namesOf(rows.map((row) => row.versions[0]?.authorId));
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    liveVersion: row.liveVersion,
    grantCount: row._count.grants,
    denials24h: denied.get(row.id) ?? 0,
    updatedAt: row.updatedAt.toISOString(),
    updatedBy: names.get(row.versions[0]?.authorId ?? "") ?? null,
  }));
}

/** A policy with its versions; throws `not_found`. Authority is checked by the caller. */
export async function readPolicy(ctx: Ctx, id: string): Promise<PolicyDto> {
  const row = isUuid(id)
    ? await prisma().policy.findFirst({
        where: { id, orgId: ctx.orgId },
        include: {
          versions: { orderBy: { version: "desc" }, omit: { text: true }, take: 1000 },
          grants: { where: { revokedAt: null }, select: { id: true, label: true }, orderBy: { label: "asc" } },
        },
      })
    : null;
  if (!row) throw new AppError("not_found", { detail: "policy" });
  const names = await namesOf(row.versions.map((version) => version.authorId));
  return {
    id: row.id,
    name: row.name,
    liveVersion: row.liveVersion,
    text: await liveText(id, row.liveVersion),
    versions: row.versions.map((version) => ({
      version: version.version,
      createdAt: version.createdAt.toISOString(),
      author: names.get(version.authorId ?? "") ?? null,
      reason: version.reason,
      contentHash: version.contentHash,
      testsPassed: version.testsPassed,
      testsFailed: version.testsFailed,
    })),
    grants: row.grants,
  };
}

async function liveText(policyId: string, version: number | null): Promise<string> {
  if (version === null) return "";
  const row = await prisma().policyVersion.findUnique({ where: { policyId_version: { policyId, version } } });
  return row?.text ?? "";
}

/** Display names of users, by id. */
async function namesOf(ids: readonly (string | null | undefined)[]): Promise<Map<string, string>> {
  const wanted = [...new Set(ids.filter((id): id is string => typeof id === "string"))];
  if (wanted.length === 0) return new Map();
  const users = await prisma().user.findMany({ where: { id: { in: wanted } }, select: { id: true, name: true } });
  return new Map(users.map((user) => [user.id, user.name]));
}
