import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { disconnectServer } from "@/lib/servers/servers.server";

export const POST = adminRoute({
  permission: "server.manage",
  params: IdParams,
  handle: ({ ctx, params }) => disconnectServer(ctx, params.id),
});
