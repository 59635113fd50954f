import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { SignInStart } from "@/lib/servers/oauth-schema";
import { startSignIn } from "@/lib/servers/servers.server";

export const POST = adminRoute({
  permission: "server.manage",
  params: IdParams,
  body: SignInStart,
  handle: ({ ctx, params, body }) => startSignIn(ctx, params.id, body),
});
