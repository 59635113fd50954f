import "server-only";
import { createHash } from "node:crypto";
import { pool } from "@/lib/db/db.server";
import { AppError } from "@/lib/kernel/errors";
import { singleton } from "@/lib/kernel/singleton";

const keptDays = 30;
const rememberedMax = 10_000;
const pruneEvery = 128;

/** Whose task it is. Ids are hashed: a task's id is all that an upstream asks for. */
export interface TaskOwner {
  orgId: string;
  grantId: string;
  serverId: string;
}

const bindSql = `INSERT INTO mcp_task (server_id, task_hash, org_id, grant_id, expires_at)
  VALUES ($1, $2, $3, $4, now() + ${String(keptDays)} * interval '1 day') ON CONFLICT DO NOTHING`;
const ownSql = `SELECT grant_id AS "grantId" FROM mcp_task WHERE server_id = $1 AND task_hash = $2 AND expires_at > now()`;
const listSql = `SELECT task_hash AS hash FROM mcp_task WHERE server_id = $1 AND grant_id = $2 AND expires_at > now()`;
const pruneSql = `DELETE FROM mcp_task WHERE expires_at < now()`;

/** Tasks bound by this process, oldest first: its own answers need not wait for the database. */
const bound = singleton<Map<string, string>>("grant-tasks", () => new Map());

/**
 * Binds a task to the grant whose call started it (MCP 2025-11-25, Tasks, "Task isolation and access control"). The first to bind it
 * keeps it. This process knows it at once; others do when the promise resolves. Throws `ledger_unavailable`.
 */
export async function bindTask(owner: TaskOwner, taskId: string): Promise<void> {
  const hash = hashOf(taskId);
  remember(owner, hash);
  await query(bindSql, [owner.serverId, hash, owner.orgId, owner.grantId]);
  if (bound.size % pruneEvery === 0) await query(pruneSql, []);
}

/** True when a call of this grant started the task. Throws `ledger_unavailable` when that cannot be asked. */
export async function isOwnTask(owner: TaskOwner, taskId: string): Promise<boolean> {
  const hash = hashOf(taskId);
  const known = bound.get(keyOf(owner.serverId, hash));
  if (known !== undefined) return known === owner.grantId;
  const rows = await query<{ grantId: string }>(ownSql, [owner.serverId, hash]);
  const isOwn = rows[0]?.grantId === owner.grantId;
  if (isOwn) remember(owner, hash);
  return isOwn;
}

/** Tells the grant's own tasks from others, as it stands now. Throws `ledger_unavailable`. */
export async function listOwnTasks(owner: TaskOwner): Promise<(taskId: string) => boolean> {
  const rows = await query<{ hash: string }>(listSql, [owner.serverId, owner.grantId]);
  const own = new Set(rows.map(({ hash }) => hash));
  return (taskId) => {
    const hash = hashOf(taskId);
    return own.has(hash) || bound.get(keyOf(owner.serverId, hash)) === owner.grantId;
  };
}

function remember({ serverId, grantId }: TaskOwner, hash: string): void {
  const key = keyOf(serverId, hash);
  if (bound.has(key)) return;
  bound.set(key, grantId);
  const oldest = bound.keys().next();
  if (bound.size > rememberedMax && !oldest.done) bound.delete(oldest.value);
}

function keyOf(serverId: string, hash: string): string {
  return `${serverId} ${hash}`;
}

function hashOf(taskId: string): string {
  return createHash("sha256").update(taskId).digest("base64url");
}

async function query<T extends object>(text: string, values: unknown[]): Promise<T[]> {
  try {
    return (await pool().query<T>(text, values)).rows;
  } catch (cause) {
    throw new AppError("ledger_unavailable", { detail: "task", cause });
  }
}
