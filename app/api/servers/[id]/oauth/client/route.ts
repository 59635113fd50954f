import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { SignInClient } from "@/lib/servers/oauth-schema";
import { removeSignInClient, setSignInClient } from "@/lib/servers/servers.server";

export const PUT = adminRoute({
  permission: "server.manage",
  params: IdParams,
  body: SignInClient,
  handle: ({ ctx, params, body }) => setSignInClient(ctx, params.id, body),
});

export const DELETE = adminRoute({
  permission: "server.manage",
  params: IdParams,
  handle: ({ ctx, params }) => removeSignInClient(ctx, params.id),
});
