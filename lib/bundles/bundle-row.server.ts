import "server-only";
import type { Tx } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { isUuid } from "@/lib/kernel/ids";
import type { BundleRow } from "./bundle-dto";

/** What is read with a bundle's row. */
export const shown = {
  members: {
    orderBy: { position: "asc" },
    include: {
      server: {
        select: { id: true, name: true, enabled: true, tools: { where: { goneAt: null }, select: { name: true } } },
      },
      policy: { select: { id: true, name: true } },
    },
  },
  _count: { select: { grants: { where: { revokedAt: null } } } },
} as const;

/** The row of this organisation's bundle; throws `not_found`. */
export async function getRow(tx: Pick<Tx, "bundle">, ctx: Ctx, id: string): Promise<BundleRow> {
  const row = isUuid(id) ? await tx.bundle.findFirst({ where: { id, orgId: ctx.orgId }, include: shown }) : null;
  if (!row) throw new AppError("not_found", { detail: "bundle" });
  return row;
}

/** The bundle as the audit log keeps it. */
export function toRecord(row: BundleRow) {
  const { name, enabled, version } = row;
  const members = row.members.map(({ serverId, prefix, policy }) => ({
    server: serverId,
    prefix,
    policy: policy?.id ?? null,
  }));
  return { name, enabled, version, members };
}
