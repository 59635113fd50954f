import { revokeGrant } from "@/lib/grants/grants.server";
import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";

export const POST = adminRoute({
  permission: "grant.manage",
  params: IdParams,
  handle: ({ ctx, params }) => revokeGrant(ctx, params.id),
});
