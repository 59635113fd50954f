import "server-only";
import { prisma } from "@/lib/db/db.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { planFor } from "@/lib/policy/compile";
import { isHidden } from "@/lib/policy/evaluate";
import { findCompiled } from "./lookup.server";
import type { AffectedPolicies } from "./schema";

/**
 * By tool of a server: the policies in use there whose live version speaks of it by name or pattern. In use are those of its
 * working grants and of the bundles that it is a member of. Tools that none speaks of are left out.
 */
export async function affectedPolicies(
  ctx: Ctx,
  serverId: string,
  tools: readonly string[],
): Promise<AffectedPolicies> {
  requirePermission(ctx, "read");
  if (tools.length === 0) return {};
  const rows = await prisma().policy.findMany({
    where: {
      orgId: ctx.orgId,
      OR: [{ grants: { some: { serverId, revokedAt: null } } }, { members: { some: { serverId } } }],
    },
    select: { id: true, name: true },
    orderBy: { name: "asc" },
    take: 1000,
  });
  const found = new Map<string, { id: string; name: string }[]>();
  for (const row of rows) {
    const live = await findCompiled(row.id);
    if (!live) continue;
    const { compiled } = live;
    for (const tool of tools) {
      if (planFor(compiled, tool) === compiled.unlisted && !isHidden(compiled, tool)) continue;
      found.set(tool, [...(found.get(tool) ?? []), row]);
    }
  }
  return Object.fromEntries(found);
}
