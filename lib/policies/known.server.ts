import "server-only";
import { prisma } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { describeChanges } from "@/lib/policy/changes";
import type { KnownTool } from "@/lib/policy/check";
import { parsePolicy } from "@/lib/policy/parse";
import { listTools } from "@/lib/servers/servers.server";

/** The servers that the working grants of a policy reach. Authority is checked by the caller. */
export async function serversOf(ctx: Ctx, policyId: string): Promise<{ id: string; name: string }[]> {
  return prisma().server.findMany({
    where: { orgId: ctx.orgId, grants: { some: { policyId, revokedAt: null } } },
    select: { id: true, name: true },
    orderBy: { name: "asc" },
  });
}

/** Their tools with the parameters of each; of tools that two servers share, the parameters of both. */
export async function knownTools(ctx: Ctx, policyId: string): Promise<KnownTool[]> {
  const tools = new Map<string, Map<string, { name: string }>>();
  for (const { id } of await serversOf(ctx, policyId)) {
    for (const { name, parameters, gone } of await listTools(ctx, id)) {
      if (gone) continue;
      const known = tools.get(name) ?? new Map<string, { name: string }>();
      for (const parameter of parameters) known.set(parameter.name, { name: parameter.name });
      tools.set(name, known);
    }
  }
  return [...tools].map(([name, parameters]) => ({ name, parameters: [...parameters.values()] }));
}

/** What a version changed from the one before it, in words; nothing when either no longer reads. */
export async function changesOf(ctx: Ctx, policyId: string, row: { version: number; text: string }): Promise<string[]> {
  const before = await prisma().policyVersion.findFirst({
    where: { policyId, orgId: ctx.orgId, version: { lt: row.version } },
    orderBy: { version: "desc" },
    select: { text: true },
  });
  const [old, now] = [before && parsePolicy(before.text), parsePolicy(row.text)];
  if (!now.ok || (old && !old.ok)) return [];
  return [...describeChanges(old ? old.document : null, now.document).summary];
}
