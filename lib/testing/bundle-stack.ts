import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { addMember, createBundle } from "@/lib/bundles/bundles.server";
import { mintGrant } from "@/lib/grants/grants.server";
import { createPolicyRow, createServerRow, createSystemCtx } from "./factories";
import type { GatewayStack, StackGrant } from "./gateway-stack";

export interface MemberOptions {
  prefix: string;
  upstreamUrl: string;
  /** YAML of the policy that the server has in the bundle; null = none. */
  policy: string | null;
  /** Names of accepted tools with plain definitions. */
  tools?: readonly string[];
  /** Accepted definitions as JSON texts. */
  definitions?: readonly string[];
}

export interface StackMember {
  prefix: string;
  serverId: string;
  policyId: string | null;
}

/** A bundle behind a gateway, and a grant for it; `serverId` is of the first member. */
export interface StackBundle extends StackGrant {
  bundleId: string;
  members: StackMember[];
  /** Each member by its prefix. */
  at(prefix: string): StackMember;
}

/** Makes servers, policies, a bundle of them and a grant for it, with the product's own verbs. */
export async function addBundle(stack: GatewayStack, members: readonly MemberOptions[]): Promise<StackBundle> {
  const { orgId, port } = stack;
  const ctx = await createSystemCtx(orgId);
  const { id: bundleId } = await createBundle(ctx, { name: `desk ${String(performance.now())}` });
  const made: StackMember[] = [];
  for (const { prefix, upstreamUrl, policy, tools = [], definitions = [] } of members) {
    const serverId = await createServerRow(orgId, { url: upstreamUrl, tools, definitions });
    const policyId = policy === null ? null : await createPolicyRow(orgId, policy);
    await addMember(ctx, bundleId, { serverId, prefix, policyId });
    made.push({ prefix, serverId, policyId });
  }
  const input = { label: "desk", bundleId, policyId: null, tags: [], expiresInDays: null };
  const { grant, token } = await mintGrant(ctx, input);
  const at = (prefix: string) => {
    const found = made.find((member) => member.prefix === prefix);
    if (!found) throw new Error(`no member ${prefix}`);
    return found;
  };
  const [first] = made;
  return {
    url: `http://127.0.0.1:${String(port)}/mcp/s/${bundleId}`,
    token,
    grantId: grant.id,
    serverId: first?.serverId ?? "",
    policyId: first?.policyId ?? null,
    bundleId,
    members: made,
    at,
  };
}

/** The definitions that an upstream lists in both eras, as accepted ones. */
export async function definitionsOf(url: string): Promise<string[]> {
  const found = new Map<string, string>();
  for (const mode of ["legacy", "auto"] as const) {
    const client = new Client({ name: "scan", version: "1" }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(new URL(url)));
    for (const tool of (await client.listTools()).tools) found.set(tool.name, JSON.stringify(tool));
    await client.close();
  }
  return [...found.values()];
}
