import { getGrant } from "@/lib/grants/grants.server";
import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";

export const GET = adminRoute({
  permission: "read",
  params: IdParams,
  handle: ({ ctx, params }) => getGrant(ctx, params.id),
});
