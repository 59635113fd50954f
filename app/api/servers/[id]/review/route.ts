import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";
import { affectedPolicies } from "@/lib/policies/policies.server";
import { ToolDecision } from "@/lib/servers/review-schema";
import { decideTools, getReview } from "@/lib/servers/servers.server";

export const GET = adminRoute({
  permission: "read",
  params: IdParams,
  handle: async ({ ctx, params }) => {
    const review = await getReview(ctx, params.id);
    const names = review.tools.map(({ name }) => name);
    return { ...review, policies: await affectedPolicies(ctx, params.id, names) };
  },
});

export const POST = adminRoute({
  permission: "policy.write",
  params: IdParams,
  body: ToolDecision,
  handle: ({ ctx, params, body }) => decideTools(ctx, params.id, body),
});
