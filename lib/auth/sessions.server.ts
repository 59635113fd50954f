import "server-only";
import { randomUUID } from "node:crypto";
import { decode, encode } from "next-auth/jwt";
import { pool, prisma, publishChange, transaction } from "@/lib/db/db.server";
import { env } from "@/lib/env/env.server";
import type { Ctx, Role } from "@/lib/kernel/ctx";
import { AppError } from "@/lib/kernel/errors";
import { isUuid, type OrgId, type SessionId, type UserId } from "@/lib/kernel/ids";
import { permissionsOf } from "./matrix";
import { visitorOf } from "./visitor";
import { readCookie, sessionCookieName, sessionSeconds, setSessionCookie } from "./session-cookie";

interface SessionRow {
  userId: UserId;
  orgId: OrgId;
  name: string;
  email: string;
  role: Role;
  now: Date;
  isIdle: boolean;
}

const findSql = `SELECT s.user_id AS "userId", s.org_id AS "orgId", u.name, u.email, m.role, now() AS now,
  s.last_seen_at < now() - interval '1 minute' AS "isIdle"
  FROM console_session s JOIN app_user u ON u.id = s.user_id
  JOIN member m ON m.user_id = s.user_id AND m.org_id = s.org_id
  WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > now()`;

export interface SessionOwner {
  userId: string;
  orgId: string;
  userAgent: string;
  address: string;
}

/** Opens a console session and answers its id. */
export async function openSession(owner: SessionOwner): Promise<SessionId> {
  const id = randomUUID();
  await pool().query(
    `INSERT INTO console_session (id, org_id, user_id, expires_at, user_agent, address)
     VALUES ($1, $2, $3, now() + make_interval(secs => $4), $5, $6)`,
    [id, owner.orgId, owner.userId, sessionSeconds, owner.userAgent.slice(0, 500), owner.address.slice(0, 100)],
  );
  return id as SessionId;
}

/** Opens a session for a person whom this very request has just proven to be, and answers the `Set-Cookie` value for it. */
export async function openSessionCookie(owner: { userId: string; orgId: string }, request: Request): Promise<string> {
  const visitor = visitorOf(Object.fromEntries(request.headers));
  const sessionId = await openSession({ ...owner, ...visitor });
  return setSessionCookie(env().publicUrl, await sealSession(sessionId, owner.userId));
}

/** The signed and encrypted cookie value of a session. */
export function sealSession(sessionId: string, userId: string): Promise<string> {
  return encode({ token: { sub: userId, sid: sessionId }, secret: authSecret(), maxAge: sessionSeconds });
}

/** The session id inside a cookie value; null for anything that is not whole, ours and in time. Never throws. */
export async function readSessionToken(token: string | null): Promise<{ sid: string; sub: string } | null> {
  if (!token || token.length > 4096) return null;
  try {
    const read = await decode({ token, secret: authSecret() });
    const sid = read?.["sid"];
    return typeof sid === "string" && isUuid(sid) && typeof read?.sub === "string" ? { sid, sub: read.sub } : null;
  } catch {
    return null;
  }
}

/**
 * The caller behind a `Cookie` header, with the role as it is now: a demotion or removal counts from the next request on.
 * Null for no, broken, expired or revoked sessions, and when the session cannot be read at all: doubt means signed out.
 */
export async function findCtxByCookie(cookies: string | null, requestId: string): Promise<Ctx | null> {
  const token = await readSessionToken(readCookie(cookies, sessionCookieName(env().publicUrl)));
  if (!token) return null;
  try {
    const row = await findSession(token.sid);
    if (row?.userId !== token.sub) return null;
    if (row.isIdle) noteSeen(token.sid);
    return toCtx(row, token.sid as SessionId, requestId);
  } catch {
    return null;
  }
}

/** True while the session may be used. Throws when the database cannot be asked. */
export async function isLive(sessionId: string): Promise<boolean> {
  return (await findSession(sessionId)) !== null;
}

/** Ends a session on every replica; streams of its owner are closed. */
export async function revokeSession(sessionId: string): Promise<void> {
  if (!isUuid(sessionId)) return;
  await transaction(async (tx) => {
    const found = await tx.consoleSession.findFirst({ where: { id: sessionId, revokedAt: null } });
    if (!found) return;
    await tx.$executeRaw`UPDATE console_session SET revoked_at = now() WHERE id = ${sessionId}::uuid`;
    await publishChange(tx, { topic: "sessions", orgId: found.orgId, id: found.userId });
  });
}

/** The secret that session cookies are sealed with, fixed at the start. Throws `internal` before that. */
export function authSecret(): string {
  const secret = env().authSecret;
  if (!secret) throw new AppError("internal", { detail: "the sign-in secret is not set" });
  return secret;
}

async function findSession(id: string): Promise<SessionRow | null> {
  const found = await pool().query<SessionRow>({ name: "session-by-id", text: findSql, values: [id] });
  return found.rows[0] ?? null;
}

/** A display fact, written at most once a minute and waited for by nobody. */
function noteSeen(id: string): void {
  prisma().$executeRaw`UPDATE console_session SET last_seen_at = now() WHERE id = ${id}::uuid`.catch(() => undefined);
}

function toCtx(row: SessionRow, sessionId: SessionId, requestId: string): Ctx {
  const { userId, name, email, role } = row;
  return {
    orgId: row.orgId,
    actor: { kind: "user", userId, sessionId, name, email, role },
    permissions: permissionsOf(role),
    requestId,
    now: row.now,
  };
}
