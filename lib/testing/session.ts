import { encode } from "next-auth/jwt";
import { randomUUID } from "node:crypto";
import { sessionCookieName, sessionSeconds } from "@/lib/auth/session-cookie";
import { prisma } from "@/lib/db/db.server";
import { env } from "@/lib/env/env.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { testOrigin } from "./house";

/** A signed-in person's `Cookie` header, made as next-auth makes it: an encrypted JWT over a console session that exists. */
export async function createCookie(ctx: Ctx): Promise<string> {
  if (ctx.actor.kind !== "user") throw new Error("only people sign in");
  const id = randomUUID();
  const { userId } = ctx.actor;
  await prisma().consoleSession.create({
    data: {
      id,
      orgId: ctx.orgId,
      userId,
      expiresAt: new Date(ctx.now.getTime() + sessionSeconds * 1000),
      userAgent: "test",
      address: "127.0.0.1",
    },
  });
  const token = await encode({ token: { sub: userId, sid: id }, secret: env().authSecret ?? "", maxAge: 3600 });
  return `${sessionCookieName(env().publicUrl)}=${token}`;
}

export interface RequestOptions {
  cookie?: string | null;
  /** Sent as JSON. */
  body?: unknown;
  /** Added last; null removes a header. */
  headers?: Readonly<Record<string, string | null>>;
}

/** A request as the console's own pages send it. */
export function apiRequest(method: string, path: string, options: RequestOptions = {}): Request {
  const headers = new Headers({ host: new URL(testOrigin).host });
  if (method !== "GET") headers.set("origin", testOrigin);
  if (options.cookie) headers.set("cookie", options.cookie);
  if (options.body !== undefined) headers.set("content-type", "application/json");
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  const body = options.body === undefined ? null : JSON.stringify(options.body);
  return new Request(new URL(path, testOrigin), { method, headers, body });
}
