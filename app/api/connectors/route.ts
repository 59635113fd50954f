import { ApproveInput } from "@/lib/grants/connector-schema";
import { approveConnector } from "@/lib/grants/oauth.server";
import { adminRoute } from "@/lib/http/route.server";

/** Approves what a client asks for on the consent page. The answer says where the browser has to go with the code. */
export const POST = adminRoute({
  permission: "grant.manage",
  body: ApproveInput,
  status: 201,
  handle: ({ ctx, body }) => approveConnector(ctx, body),
});
