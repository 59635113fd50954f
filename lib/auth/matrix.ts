import { roles, type Permission, type Role } from "@/lib/kernel/ctx";

const viewer = ["read"] as const satisfies Permission[];
const policyManager = [...viewer, "policy.write", "policy.attach", "server.scan"] as const satisfies Permission[];
const admin = [
  ...policyManager,
  "grant.manage",
  "server.manage",
  "member.manage",
  "token.manage",
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

/** The roles that this one includes: itself and those below it. */
export function rolesWithin(role: Role): Role[] {
  return roles.slice(0, roles.indexOf(role) + 1);
}

/** The one of two roles that may do less. */
export function lesserRole(a: Role, b: Role): Role {
  return rolesWithin(b).includes(a) ? a : b;
}
