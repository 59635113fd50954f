import { disconnectConnector } from "@/lib/grants/oauth.server";
import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";

/** Disconnects a client: its tokens are worth nothing from now on. */
export const DELETE = adminRoute({
  permission: "grant.manage",
  params: IdParams,
  handle: ({ ctx, params }) => disconnectConnector(ctx, params.id),
});
