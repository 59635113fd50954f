import { listGrants, mintGrant } from "@/lib/grants/grants.server";
import { GrantInput } from "@/lib/grants/schema";
import { adminRoute } from "@/lib/http/route.server";

export const GET = adminRoute({ permission: "read", handle: ({ ctx }) => listGrants(ctx) });

/** The answer holds the token: the only place where it leaves the product. */
export const POST = adminRoute({
  permission: "grant.manage",
  body: GrantInput,
  status: 201,
  handle: ({ ctx, body }) => mintGrant(ctx, body),
});
