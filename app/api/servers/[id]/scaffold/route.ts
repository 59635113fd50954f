import { z } from "zod";
import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { scaffoldPolicy } from "@/lib/policy/scaffold";
import { getServer, listTools } from "@/lib/servers/servers.server";

const ScaffoldQuery = z.strictObject({ safe: z.enum(["true", "false"]).default("false") });

/** A first policy for the tools that the last scan found; nothing is stored. */
export const GET = adminRoute({
  permission: "read",
  params: IdParams,
  query: ScaffoldQuery,
  handle: async ({ ctx, params, query }) => {
    const { name } = await getServer(ctx, params.id);
    const tools = (await listTools(ctx, params.id)).filter((tool) => !tool.gone);
    return { text: scaffoldPolicy(tools, { server: name, safe: query.safe === "true" }) };
  },
});
