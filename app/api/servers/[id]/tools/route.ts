import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { listTools } from "@/lib/servers/servers.server";

export const GET = adminRoute({
  permission: "read",
  params: IdParams,
  handle: ({ ctx, params }) => listTools(ctx, params.id),
});
