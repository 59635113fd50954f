import { adminRoute } from "@/lib/http/route.server";
import { ServerInput } from "@/lib/servers/schema";
import { createServer, listServers } from "@/lib/servers/servers.server";

export const GET = adminRoute({ permission: "read", handle: ({ ctx }) => listServers(ctx) });

export const POST = adminRoute({
  permission: "server.manage",
  body: ServerInput,
  status: 201,
  handle: ({ ctx, body }) => createServer(ctx, body),
});
