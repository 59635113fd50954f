import { z } from "zod";
import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { ToolOverride } from "@/lib/servers/schema";
import { overrideTool } from "@/lib/servers/servers.server";

const ToolParams = IdParams.extend({ name: z.string().min(1).max(200) });

export const PATCH = adminRoute({
  permission: "policy.write",
  params: ToolParams,
  body: ToolOverride,
  handle: ({ ctx, params, body }) => overrideTool(ctx, params.id, params.name, body),
});
