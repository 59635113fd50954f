import type { Role } from "@/lib/kernel/ctx";

export interface DemoUser {
  name: string;
  email: string;
  password: string;
  role: Role;
}

/** The demo's logins, one per role. The passwords are public (docs/demo.md): the demo guards nothing. */
export const demoUsers: readonly DemoUser[] = [
  { name: "Alex Admin", email: "admin@demo.local", password: "demo-admin-password", role: "admin" },
  { name: "Pat Policy", email: "policy@demo.local", password: "demo-policy-password", role: "policy_manager" },
  { name: "Vic Viewer", email: "viewer@demo.local", password: "demo-viewer-password", role: "viewer" },
];

export const demoNames = {
  organisation: "Demo Company",
  server: "Payments (demo)",
  policy: "Stripe MCP server spending controls",
  grant: "demo agent",
} as const;
