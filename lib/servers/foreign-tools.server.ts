import "server-only";
import type { Tx } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import type { ForeignTool } from "./definition-flags";

const foreignMax = 20_000;

/** Listed tools of the organisation's other servers, for what a definition may be mistaken for; at most 20,000. */
export async function listForeignTools(tx: Pick<Tx, "serverTool">, ctx: Ctx, serverId: string): Promise<ForeignTool[]> {
  const rows = await tx.serverTool.findMany({
    where: { orgId: ctx.orgId, serverId: { not: serverId }, goneAt: null },
    select: { name: true, server: { select: { name: true } } },
    orderBy: [{ serverId: "asc" }, { name: "asc" }],
    take: foreignMax,
  });
  return rows.map(({ name, server }) => ({ server: server.name, tool: name }));
}
