import "server-only";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { createMember, createOrganisation, findOrganisation, listMembers, systemCtx } from "@/lib/auth/auth.server";
import { listGrants, mintGrant, openGrantToken } from "@/lib/grants/grants.server";
import type { Ctx, Role } from "@/lib/kernel/ctx";
import { createPolicy, listPolicies } from "@/lib/policies/policies.server";
import { createServer, listServers, scanServer, setHeader, updateServer } from "@/lib/servers/servers.server";
import { demoNames, demoUsers } from "./demo-users";
import { demoKey } from "./payments-server.server";

/** What a person or a test needs to use the demo. */
export interface DemoFacts {
  serverId: string;
  grantToken: string;
  users: { email: string; password: string; role: Role }[];
}

/**
 * Sets up the demo through the services of production: organisation, three users, the payments server with its sealed header, the
 * published policy, one grant. Idempotent: a second call makes nothing twice, keeps what people changed, and follows a changed
 * `upstreamUrl`. A missing or ended part is made anew. Writes no decision records.
 */
export async function seedDemo(input: { upstreamUrl: string; publicUrl: string }): Promise<DemoFacts> {
  const orgId = (await findOrganisation(demoNames.organisation)) ?? (await createOrganisation(demoNames.organisation));
  const ctx = systemCtx(orgId, "demo");
  await seedMembers(ctx);
  const serverId = await seedServer(ctx, input.upstreamUrl);
  const policyId = await seedPolicy(ctx);
  const grantToken = await seedGrant(ctx, serverId, policyId);
  return { serverId, grantToken, users: demoUsers.map(({ email, password, role }) => ({ email, password, role })) };
}

async function seedMembers(ctx: Ctx): Promise<void> {
  const known = new Set((await listMembers(ctx)).map((member) => member.email));
  for (const user of demoUsers) if (!known.has(user.email)) await createMember(ctx, user);
}

async function seedServer(ctx: Ctx, url: string): Promise<string> {
  const found = (await listServers(ctx)).find((server) => server.name === demoNames.server);
  const header = { name: demoKey.name, value: demoKey.value };
  if (!found) {
    const headers = [header];
    const made = await createServer(ctx, { name: demoNames.server, url, allowPrivateNetwork: true, headers });
    return made.id;
  }
  if (found.url !== url) {
    await updateServer(ctx, found.id, { url });
    // A new origin drops the header.
    await setHeader(ctx, found.id, header);
    await scanServer(ctx, found.id);
  } else if (found.toolCount === 0 || found.lastScanError !== null) await scanServer(ctx, found.id);
  return found.id;
}

async function seedPolicy(ctx: Ctx): Promise<string> {
  const found = (await listPolicies(ctx)).find((policy) => policy.name === demoNames.policy);
  if (found) return found.id;
  const file = path.join(/* turbopackIgnore: true */ process.cwd(), "lib/policy/templates/payments-tutorial.yaml");
  const text = await readFile(file, "utf8");
  return (await createPolicy(ctx, { name: demoNames.policy, text, reason: "Demo data" })).id;
}

async function seedGrant(ctx: Ctx, serverId: string, policyId: string): Promise<string> {
  const found = (await listGrants(ctx)).find(
    (grant) => grant.label === demoNames.grant && grant.state === "active" && grant.server?.id === serverId,
  );
  if (found) return openGrantToken(ctx, found.id);
  const input = { label: demoNames.grant, serverId, policyId, tags: ["demo"], expiresInDays: null };
  return (await mintGrant(ctx, input)).token;
}
