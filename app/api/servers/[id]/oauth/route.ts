import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { AuthModeInput } from "@/lib/servers/oauth-schema";
import { getServerAuth, setAuthMode } from "@/lib/servers/servers.server";

export const GET = adminRoute({
  permission: "read",
  params: IdParams,
  handle: ({ ctx, params }) => getServerAuth(ctx, params.id),
});

export const PATCH = adminRoute({
  permission: "server.manage",
  params: IdParams,
  body: AuthModeInput,
  handle: ({ ctx, params, body }) => setAuthMode(ctx, params.id, body),
});
