import { addMember } from "@/lib/bundles/bundles.server";
import { MemberInput } from "@/lib/bundles/schema";
import { IdParams } from "@/lib/http/params";
import { adminRoute } from "@/lib/http/route.server";

export const POST = adminRoute({
  permission: "server.manage",
  params: IdParams,
  body: MemberInput,
  status: 201,
  handle: ({ ctx, params, body }) => addMember(ctx, params.id, body),
});
