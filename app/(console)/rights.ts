import type { Ctx, Permission, Role } from "@/lib/kernel/ctx";

export const roleWords: Readonly<Record<Role, string>> = {
  viewer: "Viewer",
  policy_manager: "Policy manager",
  admin: "Admin",
};

export function roleWord(role: Role): string {
  return roleWords[role];
}

const refusals: Partial<Record<Permission, string>> = {
  "policy.write": "Policy managers and admins publish policies.",
  "policy.attach": "Policy managers and admins attach policies.",
  "grant.manage": "Admins mint and revoke grants.",
  "server.manage": "Admins change servers.",
  "server.scan": "Policy managers and admins scan servers.",
};

/** Why this person's role lacks an action, as text beside it; null when they may. The services check again. */
export function refusalOf(ctx: Ctx, permission: Permission): string | null {
  return ctx.permissions.has(permission) ? null : (refusals[permission] ?? "Your role does not allow this.");
}
