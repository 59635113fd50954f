import { expect, test } from "vitest";
import { roles, type Permission } from "@/lib/kernel/ctx";
import { allPermissions, lesserRole, permissionsOf, rolesWithin } from "./matrix";

/** The table of docs/security.md: V, P, A. */
const table: Record<Permission, string> = {
  read: "VPA",
  "policy.write": "-PA",
  "policy.attach": "-PA",
  "server.scan": "-PA",
  "grant.manage": "--A",
  "server.manage": "--A",
  "member.manage": "--A",
  "token.manage": "--A",
  "audit.read": "--A",
};

test.each(Object.entries(table))("A5 %s belongs to exactly %s", (permission, who) => {
  const having = roles.map((role) => permissionsOf(role).has(permission as Permission));
  expect(having).toEqual([who[0] === "V", who[1] === "P", who[2] === "A"]);
});

test("A5 the table names every permission, and each role has all of the role below it", () => {
  expect([...allPermissions].sort()).toEqual(Object.keys(table).sort());
  for (const permission of permissionsOf("viewer")) expect(permissionsOf("policy_manager").has(permission)).toBe(true);
  for (const permission of permissionsOf("policy_manager")) expect(permissionsOf("admin").has(permission)).toBe(true);
});

test("A5 of two roles the lesser one counts, whichever comes first", () => {
  for (const [index, role] of roles.entries()) {
    expect(rolesWithin(role)).toEqual(roles.slice(0, index + 1));
    for (const other of rolesWithin(role))
      expect([lesserRole(role, other), lesserRole(other, role)]).toEqual([other, other]);
  }
});
