import type { Permission, Role } from "@/lib/kernel/ctx";

const viewer = ["read"] as const satisfies Permission[];
const policyManager = [...viewer, "policy.write", "policy.attach", "server.scan"] as const satisfies Permission[];
const admin = [
  ...policyManager,
  "grant.manage",
  "server.manage",
  "member.manage",
  "audit.read",
] as const satisfies Permission[];

/** The strict ladder viewer < policy_manager < admin, per organisation. Roles never affect `/mcp`. */
const matrix: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  viewer: new Set<Permission>(viewer),
  policy_manager: new Set<Permission>(policyManager),
  admin: new Set<Permission>(admin),
};

/** Every permission of the product: what an admin has. */
export const allPermissions: ReadonlySet<Permission> = matrix.admin;

/** What a member of this role may do. */
export function permissionsOf(role: Role): ReadonlySet<Permission> {
  return matrix[role];
}
