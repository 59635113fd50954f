import "server-only";
import { appendAudit } from "@/lib/audit/audit.server";
import { publishChange, transaction, type Tx } from "@/lib/db/db.server";
import { requirePermission, type Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { isUuid } from "@/lib/kernel/ids";
import { classifyTool } from "./classify";
import { dropUpstream } from "./lookup.server";
import type { ToolClassDto, ToolOverride } from "./schema";
import { withOverrides } from "./tool-class";
import { readToolShape } from "./tool-shape";

/**
 * Decides the category or the risk of one tool, against what its definition says; null goes back to that. A rescan keeps
 * it. The risk, which may so come to lie below the computed one, needs `server.manage`. Gateways judge the next call by it.
 * Throws `not_found` for another organisation's server as for an unknown tool.
 */
export async function overrideTool(ctx: Ctx, id: string, name: string, input: ToolOverride): Promise<ToolClassDto> {
  requirePermission(ctx, "policy.write");
  if (input.risk !== undefined) requirePermission(ctx, "server.manage");
  if (!isUuid(id) || name.includes("\0")) throw new AppError("not_found", { detail: "tool" });
  const tool = await transaction(async (tx) => {
    await raiseVersion(tx, ctx, id);
    const before = await getClass(tx, ctx, id, name);
    await tx.serverTool.updateMany({
      where: { serverId: id, orgId: ctx.orgId, name },
      data: {
        ...(input.category === undefined ? {} : { categoryOverride: input.category }),
        ...(input.risk === undefined ? {} : { riskOverride: input.risk }),
      },
    });
    const after = await getClass(tx, ctx, id, name);
    await appendAudit(tx, ctx, {
      action: "server.tool.override",
      object: `server:${id}`,
      before: toRecord(before),
      after: toRecord(after),
      reason: input.reason,
    });
    await publishChange(tx, { topic: "servers", orgId: ctx.orgId, id });
    return after;
  });
  dropUpstream(id);
  return tool;
}

async function raiseVersion(tx: Tx, ctx: Ctx, id: string): Promise<void> {
  const { count } = await tx.server.updateMany({
    where: { id, orgId: ctx.orgId },
    data: { updatedAt: ctx.now, version: { increment: 1 } },
  });
  if (count === 0) throw new AppError("not_found", { detail: "server" });
}

async function getClass(tx: Tx, ctx: Ctx, serverId: string, name: string): Promise<ToolClassDto> {
  const row = await tx.serverTool.findFirst({ where: { serverId, orgId: ctx.orgId, name } });
  if (!row) throw new AppError("not_found", { detail: "tool" });
  const computed = classifyTool(readToolShape(row.name, row.acceptedDefinition ?? row.definition));
  const { category, risk } = computed;
  return { name, ...withOverrides(computed, row), computed: { category, risk } };
}

function toRecord({ name, ...rest }: ToolClassDto) {
  return { tool: name, ...rest };
}
