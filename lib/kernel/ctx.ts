import { AppError } from "./errors";
import type { OrgId, SessionId, UserId } from "./ids";

export const roles = ["viewer", "policy_manager", "admin"] as const;
export type Role = (typeof roles)[number];

/** What a member may do. The role → permission matrix is `lib/auth/matrix.ts`. */
export type Permission =
  | "read"
  | "policy.write"
  | "policy.attach"
  | "grant.manage"
  | "server.manage"
  | "server.scan"
  | "member.manage"
  | "token.manage"
  | "audit.read";

export type Actor =
  | {
      kind: "user";
      userId: UserId;
      /** Null when the request came with an API token. */
      sessionId: SessionId | null;
      name: string;
      email: string;
      /** As it counts for this request: with an API token never more than that token's. */
      role: Role;
      /** The API token that the request came with, if any. */
      apiToken?: { id: string; name: string };
    }
  | { kind: "system"; name: string };

/** Who asks, for which organisation, with which rights, and at what time. Every service verb takes one. */
export interface Ctx {
  readonly orgId: OrgId;
  readonly actor: Actor;
  readonly permissions: ReadonlySet<Permission>;
  readonly requestId: string;
  readonly now: Date;
}

/** Returns when `ctx` carries the permission, otherwise throws `forbidden`. Every verb calls it first. */
export function requirePermission(ctx: Ctx, permission: Permission): void {
  if (!ctx.permissions.has(permission)) throw new AppError("forbidden", { detail: `permission ${permission}` });
}

/** Returns unless the request came with an API token; then throws `forbidden`. For what a leaked token must not be able to prolong. */
export function requireSession(ctx: Ctx): void {
  if (ctx.actor.kind === "user" && ctx.actor.apiToken) throw new AppError("forbidden", { detail: "needs a session" });
}
