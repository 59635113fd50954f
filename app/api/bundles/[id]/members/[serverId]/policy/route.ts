import { setMemberPolicy } from "@/lib/bundles/bundles.server";
import { MemberParams, MemberPolicyInput } from "@/lib/bundles/schema";
import { adminRoute } from "@/lib/http/route.server";

export const PUT = adminRoute({
  permission: "policy.attach",
  params: MemberParams,
  body: MemberPolicyInput,
  handle: ({ ctx, params, body }) => setMemberPolicy(ctx, params.id, params.serverId, body),
});
