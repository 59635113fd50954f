import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { getPolicy } from "@/lib/policies/policies.server";

export const GET = adminRoute({
  permission: "read",
  params: IdParams,
  handle: ({ ctx, params }) => getPolicy(ctx, params.id),
});
