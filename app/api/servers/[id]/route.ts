import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { ServerPatch } from "@/lib/servers/schema";
import { deleteServer, getServer, updateServer } from "@/lib/servers/servers.server";

export const GET = adminRoute({
  permission: "read",
  params: IdParams,
  handle: ({ ctx, params }) => getServer(ctx, params.id),
});

export const PATCH = adminRoute({
  permission: "server.manage",
  params: IdParams,
  body: ServerPatch,
  handle: ({ ctx, params, body }) => updateServer(ctx, params.id, body),
});

export const DELETE = adminRoute({
  permission: "server.manage",
  params: IdParams,
  handle: ({ ctx, params }) => deleteServer(ctx, params.id),
});
