import "server-only";
import { appendAudit } from "@/lib/audit/audit.server";
import { publishChange, transaction, type Tx } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import type { ToolDefinition } from "./definition";
import { sha256 } from "./mcp-list.server";

export interface ScanResult {
  added: number;
  changed: number;
  gone: number;
  total: number;
}

/** Rows of one kind written with one statement. */
const blockSize = 500;

interface Known {
  name: string;
  digest: string;
  definition: string;
  goneAt: Date | null;
}

interface Difference {
  added: ToolDefinition[];
  returned: ToolDefinition[];
  changed: ToolDefinition[];
  gone: string[];
}

/**
 * Makes the stored catalogue of a server equal to a complete list, in one transaction: nothing is deleted, what is absent is
 * marked gone. The server's version rises with every change, since policies may ask what a definition says. Throws `not_found` when the server is gone.
 * With `audit`, the scan leaves an audit row even if nothing changed.
 */
export async function storeTools(
  ctx: Ctx,
  serverId: string,
  definitions: readonly ToolDefinition[],
  options: { audit: boolean },
): Promise<ScanResult> {
  return transaction(async (tx) => {
    await lockServer(tx, ctx, serverId);
    const known = await tx.serverTool.findMany({ where: { serverId, orgId: ctx.orgId } });
    const found = difference(known, definitions);
    await write(tx, ctx, serverId, found, definitions);
    const result = summary(found, definitions);
    const changes = result.added + result.changed + result.gone;
    await tx.server.updateMany({
      where: { id: serverId, orgId: ctx.orgId },
      data: { lastScanAt: ctx.now, lastScanError: null, ...(changes > 0 ? { version: { increment: 1 } } : {}) },
    });
    if (options.audit || changes > 0) {
      await appendAudit(tx, ctx, { action: "server.scan", object: `server:${serverId}`, after: { ...result } });
    }
    await publishChange(tx, { topic: "servers", orgId: ctx.orgId, id: serverId });
    return result;
  });
}

/** Notes why a scan failed; the stored catalogue stays as it was. */
export async function storeScanError(ctx: Ctx, serverId: string, error: AppError): Promise<void> {
  const issue = error.issues?.[0];
  const text = issue ? `${issue.path}: ${issue.message}` : error.code;
  await transaction(async (tx) => {
    await tx.server.updateMany({
      where: { id: serverId, orgId: ctx.orgId },
      data: { lastScanAt: ctx.now, lastScanError: text },
    });
    await publishChange(tx, { topic: "servers", orgId: ctx.orgId, id: serverId });
  });
}

/** A text that is equal for equal lists, whatever their order. */
export function listDigest(definitions: readonly ToolDefinition[]): string {
  return sha256([...definitions.map((definition) => `${definition.name}\n${definition.digest}`)].sort().join("\n"));
}

async function lockServer(tx: Tx, ctx: Ctx, serverId: string): Promise<void> {
  const rows = await tx.$queryRaw<unknown[]>`
    SELECT 1 FROM server WHERE id = ${serverId}::uuid AND org_id = ${ctx.orgId}::uuid FOR UPDATE`;
  if (rows.length === 0) throw new AppError("not_found", { detail: "server" });
}

function difference(known: readonly Known[], definitions: readonly ToolDefinition[]): Difference {
  const before = new Map(known.map((row) => [row.name, row]));
  const now = new Set(definitions.map((definition) => definition.name));
  const at = (definition: ToolDefinition) => before.get(definition.name);
  return {
    added: definitions.filter((definition) => !at(definition)),
    returned: definitions.filter((definition) => at(definition)?.goneAt),
    changed: definitions.filter((definition) => {
      const row = at(definition);
      return row !== undefined && row.goneAt === null && row.digest !== definition.digest;
    }),
    gone: known.filter((row) => row.goneAt === null && !now.has(row.name)).map((row) => row.name),
  };
}

async function write(
  tx: Tx,
  ctx: Ctx,
  serverId: string,
  found: Difference,
  definitions: readonly ToolDefinition[],
): Promise<void> {
  const where = { serverId, orgId: ctx.orgId };
  const rows = found.added.map(({ name, text, digest }) => ({
    ...where,
    name,
    definition: text,
    digest,
    firstSeenAt: ctx.now,
    lastSeenAt: ctx.now,
  }));
  for (let at = 0; at < rows.length; at += blockSize) {
    await tx.serverTool.createMany({ data: rows.slice(at, at + blockSize) });
  }
  await rewrite(tx, ctx, serverId, [...found.changed, ...found.returned]);
  if (found.gone.length > 0) {
    await tx.serverTool.updateMany({ where: { ...where, name: { in: found.gone } }, data: { goneAt: ctx.now } });
  }
  const seen = definitions.map((definition) => definition.name);
  await tx.serverTool.updateMany({ where: { ...where, name: { in: seen } }, data: { lastSeenAt: ctx.now } });
}

async function rewrite(tx: Tx, ctx: Ctx, serverId: string, tools: readonly ToolDefinition[]): Promise<void> {
  if (tools.length === 0) return;
  const names = tools.map((tool) => tool.name);
  const texts = tools.map((tool) => tool.text);
  const digests = tools.map((tool) => tool.digest);
  await tx.$executeRaw`
    UPDATE server_tool t SET definition = d.definition, digest = d.digest, gone_at = NULL
    FROM unnest(${names}::text[], ${texts}::text[], ${digests}::text[]) AS d(name, definition, digest)
    WHERE t.server_id = ${serverId}::uuid AND t.org_id = ${ctx.orgId}::uuid AND t.name = d.name`;
}

function summary(found: Difference, definitions: readonly ToolDefinition[]): ScanResult {
  return {
    added: found.added.length + found.returned.length,
    changed: found.changed.length,
    gone: found.gone.length,
    total: definitions.length,
  };
}
