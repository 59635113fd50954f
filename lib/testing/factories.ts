import { createHash, randomBytes, randomUUID } from "node:crypto";
import { allPermissions, permissionsOf } from "@/lib/auth/matrix";
import { createOrganisation } from "@/lib/auth/auth.server";
import { addMember, createBundle } from "@/lib/bundles/bundles.server";
import { databaseNow, prisma } from "@/lib/db/db.server";
import { attachPolicy, mintGrant } from "@/lib/grants/grants.server";
import type { MintedGrant } from "@/lib/grants/schema";
import type { Ctx, Role } from "@/lib/kernel/ctx";
import type { OrgId, SessionId, UserId } from "@/lib/kernel/ids";
import { createPolicy } from "@/lib/policies/policies.server";
import { readDefinition } from "@/lib/servers/definition";
import type { DriftMode } from "@/lib/servers/tool-state";
import { seal } from "@/lib/vault/vault.server";

const suffix = () => randomBytes(4).toString("hex");

/** A new, empty organisation. */
export function createOrg(name = `org ${suffix()}`): Promise<OrgId> {
  return createOrganisation(name);
}

/** A context with every right in the organisation, as the product's own set-up has it. */
export async function createSystemCtx(orgId: OrgId): Promise<Ctx> {
  return {
    orgId,
    actor: { kind: "system", name: "test" },
    permissions: allPermissions,
    requestId: randomUUID(),
    now: await databaseNow(),
  };
}

/** A new member of the organisation, without a password, and the context of their requests. */
export async function createMember(orgId: OrgId, role: Role): Promise<Ctx & { actor: { kind: "user" } }> {
  const userId = randomUUID() as UserId;
  const [name, email] = [`${role} ${suffix()}`, `${userId}@example.test`];
  await prisma().user.create({ data: { id: userId, email, name, members: { create: { orgId, role } } } });
  return {
    orgId,
    actor: { kind: "user", userId, sessionId: randomUUID() as SessionId, name, email, role },
    permissions: permissionsOf(role),
    requestId: randomUUID(),
    now: await databaseNow(),
  };
}

interface ServerOptions {
  name?: string;
  url?: string;
  enabled?: boolean;
  /** On by default: upstreams of tests listen on loopback. */
  allowPrivateNetwork?: boolean;
  /** Names of accepted tools; each gets a plain definition. */
  tools?: readonly string[];
  /** Accepted definitions of further tools, JSON texts. */
  definitions?: readonly string[];
  drift?: DriftMode;
  headers?: Readonly<Record<string, string>>;
}

/** A server with a catalogue, written without a scan; answers its id. */
export async function createServerRow(orgId: OrgId, options: ServerOptions = {}): Promise<string> {
  const id = randomUUID();
  const { name = `server ${suffix()}`, url = "http://127.0.0.1:9/mcp", tools = ["create_charge"] } = options;
  const { enabled = true, allowPrivateNetwork = true, headers = {}, drift = "enforce", definitions = [] } = options;
  await prisma().server.create({ data: { id, orgId, name, url, enabled, allowPrivateNetwork, drift } });
  await prisma().serverTool.createMany({
    data: [...tools.map(plainDefinition), ...definitions].map((text) => ({
      orgId,
      serverId: id,
      ...acceptedTool(text),
    })),
  });
  for (const [header, value] of Object.entries(headers)) {
    const headerId = randomUUID();
    const sealed = seal({ table: "server_header", id: headerId, purpose: "static-header" }, value);
    await prisma().serverHeader.create({ data: { id: headerId, orgId, serverId: id, name: header, sealed } });
  }
  return id;
}

/** The definition that scripted upstreams of tests list for a tool. */
export function plainDefinition(tool: string): string {
  return JSON.stringify({ name: tool, description: tool, inputSchema: { type: "object" } });
}

/** The digest of that definition. */
export function plainDigest(tool: string): string {
  return acceptedTool(plainDefinition(tool)).digest;
}

/** Columns of a tool whose definition was seen and accepted. */
function acceptedTool(definition: string) {
  const read = readDefinition(definition, sha256);
  if (!read) throw new Error(`no definition: ${definition}`);
  const { name, digest } = read;
  return { name, definition, digest, acceptedDefinition: definition, acceptedDigest: digest, acceptedAt: new Date() };
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A policy whose version 1 is live; answers its id. Throws `policy_invalid` for a text with errors. */
export async function createPolicyRow(orgId: OrgId, text: string, name = `policy ${suffix()}`): Promise<string> {
  const policy = await createPolicy(await createSystemCtx(orgId), { name, text, reason: "" });
  return policy.id;
}

interface MemberRow {
  serverId: string;
  prefix: string;
  policyId?: string | null;
}

/** A bundle of servers, made by the production verbs; answers its id. */
export async function createBundleRow(orgId: OrgId, name: string, members: readonly MemberRow[]): Promise<string> {
  const ctx = await createSystemCtx(orgId);
  const { id } = await createBundle(ctx, { name });
  for (const { policyId = null, ...member } of members) await addMember(ctx, id, { ...member, policyId });
  return id;
}

interface GrantOptions {
  serverId: string;
  policyId?: string | null;
  label?: string;
  tags?: string[];
  expiresInDays?: number | null;
}

/** A grant with its token, minted by the production verb. */
export async function createGrantRow(orgId: OrgId, options: GrantOptions): Promise<MintedGrant> {
  const { serverId, policyId = null, label = `grant ${suffix()}`, tags = [], expiresInDays = null } = options;
  return mintGrant(await createSystemCtx(orgId), { label, serverId, policyId, tags, expiresInDays });
}

/** Attaches another policy to a grant, or detaches it with null. */
export async function attachPolicyRow(orgId: OrgId, grantId: string, policyId: string | null): Promise<void> {
  await attachPolicy(await createSystemCtx(orgId), grantId, { policyId });
}
