import { expect, test } from "vitest";
import { roles, type Permission } from "@/lib/kernel/ctx";
import { allPermissions, permissionsOf } from "./matrix";

/** The table of docs/security.md: V, P, A. */
const table: Record<Permission, string> = {
  read: "VPA",
  "policy.write": "-PA",
  "policy.attach": "-PA",
  "server.scan": "-PA",
  "grant.manage": "--A",
  "server.manage": "--A",
  "member.manage": "--A",
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
