import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { publishPolicy } from "@/lib/policies/policies.server";
import { PublishInput } from "@/lib/policies/schema";

export const POST = adminRoute({
  permission: "policy.write",
  params: IdParams,
  body: PublishInput,
  handle: ({ ctx, params, body }) => publishPolicy(ctx, params.id, body),
});
