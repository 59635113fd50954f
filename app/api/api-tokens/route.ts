import { ApiTokenInput } from "@/lib/auth/api-token-schema";
import { listApiTokens, mintApiToken } from "@/lib/auth/auth.server";
import { adminRoute } from "@/lib/http/route.server";

export const GET = adminRoute({ permission: "read", handle: ({ ctx }) => listApiTokens(ctx) });

/** The answer holds the token: the only place where it leaves the product. */
export const POST = adminRoute({
  permission: "read",
  body: ApiTokenInput,
  status: 201,
  handle: ({ ctx, body }) => mintApiToken(ctx, body),
});
