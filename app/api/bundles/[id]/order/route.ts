import { orderMembers } from "@/lib/bundles/bundles.server";
import { OrderInput } from "@/lib/bundles/schema";
import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";

export const PUT = adminRoute({
  permission: "server.manage",
  params: IdParams,
  body: OrderInput,
  handle: ({ ctx, params, body }) => orderMembers(ctx, params.id, body),
});
