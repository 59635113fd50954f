import type { SampleWorld } from "@/components/policy-simulator/world";
import { listGrants } from "@/lib/grants/grants.server";
import type { Ctx } from "@/lib/kernel/ctx";
import { listTools } from "@/lib/servers/servers.server";

/** What a sample call may be made of: the grants of a policy and the tools of the servers that they reach. */
export async function readWorld(ctx: Ctx, policyId: string): Promise<SampleWorld> {
  const own = (await listGrants(ctx)).flatMap(({ server, policy, state, ...grant }) =>
    server && policy?.id === policyId && state !== "revoked" ? [{ ...grant, server }] : [],
  );
  const servers = new Map(own.map(({ server }) => [server.id, server.name]));
  const lists = await Promise.all(
    [...servers].map(async ([id, server]) => (await listTools(ctx, id)).map((tool) => ({ ...tool, server }))),
  );
  return {
    grants: own.map(({ id, label, tags, server }) => ({ id, label, tags, server: server.name })),
    tools: lists.flat().flatMap(({ name, server, category, risk, annotations, parameters, gone }) => {
      if (gone) return [];
      const named = parameters.map((parameter) => ({ name: parameter.name, required: parameter.required }));
      return [{ name, server, category, risk, annotations, parameters: named }];
    }),
  };
}
