import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { scanServer } from "@/lib/servers/servers.server";

export const POST = adminRoute({
  permission: "server.scan",
  params: IdParams,
  handle: ({ ctx, params }) => scanServer(ctx, params.id),
});
