import { revokeApiToken } from "@/lib/auth/auth.server";
import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";

export const POST = adminRoute({
  permission: "read",
  params: IdParams,
  handle: ({ ctx, params }) => revokeApiToken(ctx, params.id),
});
