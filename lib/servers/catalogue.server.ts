import "server-only";
import { appendAudit } from "@/lib/audit/audit.server";
import { publishChange, transaction, type Tx } from "@/lib/db/db.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import type { SeenDefinition, ToolDefinition } from "./definition";
import { sha256 } from "./mcp-list.server";

export interface ScanResult {
  added: number;
  changed: number;
  gone: number;
  total: number;
  /** Tools that this scan accepted, because it was a server's first one and somebody with the right to did it. */
  accepted: number;
}

/** Rows of one kind written with one statement. */
const blockSize = 500;

interface Known {
  name: string;
  digest: string;
  definition: string;
  goneAt: Date | null;
  acceptedDigest: string | null;
  blockedBy: string | null;
}

interface Difference {
  added: SeenDefinition[];
  returned: SeenDefinition[];
  changed: SeenDefinition[];
  gone: string[];
}

/**
 * Makes the stored catalogue of a server equal to a complete list, in one transaction: nothing is deleted, what is absent is
 * marked gone. What people accepted stays as it is; of a server of which nothing was ever accepted, the
 * tools named by `acceptFirst` are accepted with it. A `isSample` list is what one client was shown: what it lacks is not gone. The server's version rises with every change, since policies may ask what a definition says. Throws `not_found` when the server is gone.
 * With `audit`, the scan leaves an audit row even if nothing changed.
 */
export async function storeTools(
  ctx: Ctx,
  serverId: string,
  definitions: readonly SeenDefinition[],
  options: { audit: boolean; acceptFirst?: readonly string[] | null; isSample?: boolean },
): Promise<ScanResult> {
  return transaction(async (tx) => {
    await lockServer(tx, ctx, serverId);
    const known = await tx.serverTool.findMany({ where: { serverId, orgId: ctx.orgId } });
    const all = difference(known, definitions);
    const found = options.isSample ? { ...all, gone: [] } : all;
    await write(tx, ctx, serverId, found, definitions);
    const isFirst = known.every((row) => row.acceptedDigest === null);
    const clean = isFirst ? (options.acceptFirst ?? []) : [];
    const accepted = clean.length > 0 ? await acceptFirst(tx, ctx, serverId, clean) : 0;
    const result = summary(found, definitions, accepted);
    const changes = result.added + result.changed + result.gone + accepted;
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

function difference(known: readonly Known[], definitions: readonly SeenDefinition[]): Difference {
  const before = new Map(known.map((row) => [row.name, row]));
  const now = new Set(definitions.map((definition) => definition.name));
  const at = (definition: SeenDefinition) => before.get(definition.name);
  return {
    added: definitions.filter((definition) => !at(definition)),
    returned: definitions.filter((definition) => at(definition)?.goneAt),
    changed: definitions.filter((definition) => {
      const row = at(definition);
      if (row === undefined || row.goneAt !== null) return false;
      return row.digest !== definition.digest || row.blockedBy !== definition.blockedBy;
    }),
    gone: known.filter((row) => row.goneAt === null && !now.has(row.name)).map((row) => row.name),
  };
}

async function write(
  tx: Tx,
  ctx: Ctx,
  serverId: string,
  found: Difference,
  definitions: readonly SeenDefinition[],
): Promise<void> {
  const where = { serverId, orgId: ctx.orgId };
  const rows = found.added.map(({ name, text, digest, blockedBy }) => ({
    ...where,
    name,
    definition: text,
    digest,
    blockedBy,
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

async function rewrite(tx: Tx, ctx: Ctx, serverId: string, tools: readonly SeenDefinition[]): Promise<void> {
  if (tools.length === 0) return;
  const names = tools.map((tool) => tool.name);
  const texts = tools.map((tool) => tool.text);
  const digests = tools.map((tool) => tool.digest);
  const blocks = tools.map((tool) => tool.blockedBy ?? "");
  await tx.$executeRaw`
    UPDATE server_tool t SET definition = d.definition, digest = d.digest, blocked_by = nullif(d.blocked, ''), gone_at = NULL,
      changed_at = CASE WHEN t.digest = d.digest THEN t.changed_at ELSE ${ctx.now} END
    FROM unnest(${names}::text[], ${texts}::text[], ${digests}::text[], ${blocks}::text[])
      AS d(name, definition, digest, blocked)
    WHERE t.server_id = ${serverId}::uuid AND t.org_id = ${ctx.orgId}::uuid AND t.name = d.name`;
}

async function acceptFirst(tx: Tx, ctx: Ctx, serverId: string, clean: readonly string[]): Promise<number> {
  return tx.$executeRaw`
    UPDATE server_tool SET accepted_definition = definition, accepted_digest = digest, accepted_at = ${ctx.now},
      accepted_by_id = ${ctx.actor.kind === "user" ? ctx.actor.userId : null}::uuid
    WHERE server_id = ${serverId}::uuid AND org_id = ${ctx.orgId}::uuid AND name = ANY(${clean})`;
}

function summary(found: Difference, definitions: readonly SeenDefinition[], accepted: number): ScanResult {
  return {
    added: found.added.length + found.returned.length,
    changed: found.changed.length,
    gone: found.gone.length,
    total: definitions.length,
    accepted,
  };
}
