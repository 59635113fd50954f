import { adminRoute } from "@/lib/http/route.server";
import { createPolicy, listPolicies } from "@/lib/policies/policies.server";
import { PolicyInput } from "@/lib/policies/schema";

export const GET = adminRoute({ permission: "read", handle: ({ ctx }) => listPolicies(ctx) });

export const POST = adminRoute({
  permission: "policy.write",
  body: PolicyInput,
  status: 201,
  handle: ({ ctx, body }) => createPolicy(ctx, body),
});
